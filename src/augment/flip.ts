import type { Augment } from './augment.js';

/** Mirrors half of the images, left to right. */
export const flip = (): Augment => ({
  label: 'flip',
  bytes: ({ bytes, height, width, channels }, rng) => {
    if (rng.below(2) === 0) return;
    for (let row = 0; row < height; row++) {
      let left = row * width * channels;
      let right = left + (width - 1) * channels;
      for (; left < right; left += channels, right -= channels) {
        for (let channel = 0; channel < channels; channel++) {
          const held = bytes[left + channel] ?? 0;
          bytes[left + channel] = bytes[right + channel] ?? 0;
          bytes[right + channel] = held;
        }
      }
    }
  },
});
