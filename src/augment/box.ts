import type { Rng } from '../data/index.js';
import { clone, inPlace, narrow, type Tensor } from '../tensor/index.js';

/** A rectangle of pixels: rows from `top` to before `bottom`, columns from `left` to before `right`. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

type Size = { readonly height: number; readonly width: number };

/**
 * CutMix' box: √(1 − λ) of either side, rounded down, its centre uniform over the image, clipped at the border. What
 * is left may be smaller than 1 − λ of the image: shares go by `areaShare`.
 */
export const drawBox = (lambda: number, { height, width, rng }: Size & { rng: Rng }): Box => {
  const side = Math.sqrt(1 - lambda);
  const span = (length: number): readonly [number, number] => {
    const cut = Math.floor(length * side);
    const start = rng.below(length) - Math.floor(cut / 2);
    return [Math.max(0, start), Math.min(length, start + cut)];
  };
  const [top, bottom] = span(height);
  const [left, right] = span(width);
  return { top, bottom, left, right };
};

/** The share of an image that a box covers. */
export const areaShare = ({ top, left, bottom, right }: Box, { height, width }: Size): number =>
  ((bottom - top) * (right - left)) / (height * width);

/** The pixels of a box, as a view: [batch, channels, bottom − top, right − left]. */
export const within = (images: Tensor, { top, left, bottom, right }: Box): Tensor =>
  narrow(narrow(images, 2, top, bottom - top), 3, left, right - left);

/** A copy of `images` with `patch` in the box. */
export const pasted = (images: Tensor, patch: Tensor, box: Box): Tensor => {
  const result = clone(images);
  inPlace.copy(within(result, box), patch);
  return result;
};
