import { Rng } from '../data/index.js';
import { div, permute, scope, sub, type Tensor, tensor, to } from '../tensor/index.js';
import type { Exportable } from './network.js';

/** Images that an export is checked on. */
export const CHECKED_IMAGES = 64;
/** How far logits may be from libtorch's, as a share of the largest of them. */
export const TOLERANCE = 1e-4;

/** Sizes of the batches: of one image, and of several, so that a graph which is made for one size is found out. */
const BATCHES = [1, 7, ...Array<number>(7).fill(8)];

/**
 * The largest difference between the logits of `answer` and those of the run's own network, as a share of the largest
 * logit, over 64 images of random bytes. `answer` takes pixels in 0…1, [batch, channels, size, size].
 */
export const deviation = (
  { open: model, preparation: { imageSize, channels } }: Exportable,
  answer: (pixels: Tensor) => Tensor,
): number => {
  const rng = new Rng(0, 'export');
  let [largest, difference] = [0, 0];
  for (const images of BATCHES) {
    const bytes = Uint8Array.from({ length: images * imageSize ** 2 * channels }, () => rng.below(256));
    const [ours, theirs] = scope(() => {
      const shape = [images, imageSize, imageSize, channels];
      const pixels = permute(div(to(tensor(bytes, { shape }), { dtype: 'float32' }), 255), [0, 3, 1, 2]);
      return [model.logits(bytes), answer(pixels)].map((logits) => logits.toArray());
    });
    if (ours === undefined || theirs?.length !== ours.length) return Number.POSITIVE_INFINITY;
    for (const [i, value] of ours.entries()) {
      largest = Math.max(largest, Math.abs(value));
      // Not Math.max: a difference that is no number must not count as small.
      const off = Math.abs(value - (theirs[i] ?? Number.NaN));
      if (!(off <= difference)) difference = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
    }
  }
  return difference === 0 ? 0 : difference / largest;
};

/** Normalised pixels in 0…1: what a network takes. */
export const normalise = (
  pixels: Tensor,
  { mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] },
): Tensor => {
  const perChannel = (values: readonly number[]) => tensor([...values], { shape: [1, values.length, 1, 1] });
  return div(sub(pixels, perChannel(mean)), perChannel(std));
};

/** Throws when a file's answers are too far from libtorch's. `file` is what is being written. */
export const requireClose = (file: string, difference: number): void => {
  if (!(difference <= TOLERANCE))
    throw new Error(
      `Cannot export ${file}: its logits must be within ${TOLERANCE} of libtorch's on ${CHECKED_IMAGES} images, as a ` +
        `share of the largest, they differ by ${difference.toPrecision(3)}; nothing was written. Please report this, ` +
        'with the run folder if you can',
    );
};
