import type { Augment } from './augment.js';

/** Pads an image by `pad` pixels of 0, before any normalising as in DARTS, and cuts one of its size out of it. */
export const crop = (pad: number): Augment => {
  if (!Number.isInteger(pad) || pad < 0)
    throw new RangeError(`Cannot crop: the padding must be an integer >= 0, got ${pad}`);
  return {
    label: `crop(${pad})`,
    check: ({ imageSize }) => {
      if (pad >= imageSize)
        throw new RangeError(
          `Cannot crop images of ${imageSize}×${imageSize}: the padding must be less than their size, got ${pad}, ` +
            'which leaves nothing of some; make it smaller',
        );
    },
    // A crop of the padded image is the image moved by (−down, −right), with zeros where nothing came.
    bytes: ({ bytes, height, width, channels }, rng) => {
      const down = rng.below(2 * pad + 1) - pad;
      const right = rng.below(2 * pad + 1) - pad;
      const row = width * channels;
      const offset = down * row + right * channels;
      if (offset > 0) bytes.copyWithin(0, offset);
      else bytes.copyWithin(-offset, 0);
      if (down > 0) bytes.fill(0, Math.max(0, height - down) * row);
      else bytes.fill(0, 0, -down * row);
      // What moved out of a row on one side came into the next on the other.
      const from = right > 0 ? Math.max(0, width - right) * channels : 0;
      const to = right > 0 ? row : Math.min(width, -right) * channels;
      for (let start = 0; start < bytes.length; start += row)
        for (let at = start + from; at < start + to; at++) bytes[at] = 0; // a few bytes: `fill` would take longer
    },
  };
};
