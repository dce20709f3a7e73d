import { like, mul, tensor, to } from '../tensor/index.js';
import type { Augment } from './augment.js';

/**
 * Cutout (DeVries and Taylor 2017): sets one square per image to 0, which is the mean colour of normalised images. Its
 * centre is uniform over the image, and it is clipped at the border. Throws a RangeError unless `size`, in pixels, is
 * an integer >= 1.
 */
export const cutout = (size: number): Augment => {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`Cannot cut out: the size must be an integer >= 1, got ${size}`);
  const before = Math.floor(size / 2);
  return {
    label: `cutout(${size})`,
    check: ({ imageSize }) => {
      const most = 2 * imageSize - 2; // above it the square covers the image even where its centre is in a corner
      if (size > most)
        throw new RangeError(
          `Cannot cut out of images of ${imageSize}×${imageSize}: the side must be <= ${most}, got ${size}, which ` +
            `leaves nothing of any; half of theirs is usual: --cutout ${Math.floor(imageSize / 2)}`,
        );
    },
    tensors: ({ images, ...batch }, rng) => {
      const [count = 0, , height = 0, width = 0] = images.shape;
      const kept = new Uint8Array(count * height * width).fill(1);
      for (let image = 0; image < count; image++) {
        const top = rng.below(height) - before;
        const left = rng.below(width) - before;
        for (let row = Math.max(0, top); row < Math.min(height, top + size); row++) {
          const start = (image * height + row) * width;
          kept.fill(0, start + Math.max(0, left), start + Math.min(width, left + size));
        }
      }
      return { ...batch, images: mul(images, to(tensor(kept, { shape: [count, 1, height, width] }), like(images))) };
    },
  };
};
