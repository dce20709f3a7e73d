import type { ImageBytes } from '../data/index.js';

/** [a, b, c, d, e, f]: the new image at (x, y) is the old one at (a x + b y + c, d x + e y + f). */
export type Affine = readonly [number, number, number, number, number, number];

/** Moves each row to the left by `slope` times its distance from the top. */
export const shearX = (slope: number): Affine => [1, slope, 0, 0, 1, 0];

/** Moves each column up by `slope` times its distance from the left. */
export const shearY = (slope: number): Affine => [1, 0, 0, slope, 1, 0];

/** Moves an image to the right and down, by whole pixels. */
export const translate = (right: number, down: number): Affine => [1, 0, -right, 0, 1, -down];

const DIGITS = 1e15;
const rounded = (x: number): number => Math.round(x * DIGITS) / DIGITS;

/** Turns an image about its middle, counter-clockwise. */
export const rotate = (degrees: number, { width, height }: Pick<ImageBytes, 'width' | 'height'>): Affine => {
  const angle = -(degrees * Math.PI) / 180;
  const [cos, sin] = [rounded(Math.cos(angle)), rounded(Math.sin(angle))]; // of right angles exactly 0 and 1
  const [x, y] = [width / 2, height / 2];
  return [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y];
};

const ONE = 2 ** 16;
const fixed = (x: number): number => Math.floor(x * ONE + 0.5);

/**
 * Applies a map to an image, in place: the nearest pixel, black where there is none. Positions are those of the middles
 * of pixels, in 1/65536 of a pixel and added up along a row: as Pillow computes them, so that results are equal.
 */
export const transform = ({ bytes, height, width, channels }: ImageBytes, [a, b, c, d, e, f]: Affine): void => {
  const from = bytes.slice();
  const [stepX, stepY] = [fixed(a), fixed(d)];
  const [rowX, rowY] = [fixed(b), fixed(e)];
  let startX = fixed(c + a * 0.5 + b * 0.5);
  let startY = fixed(f + d * 0.5 + e * 0.5);
  let at = 0;
  for (let row = 0; row < height; row++) {
    let [x, y] = [startX, startY];
    for (let column = 0; column < width; column++) {
      const [left, top] = [x >> 16, y >> 16];
      const inside = left >= 0 && left < width && top >= 0 && top < height;
      const source = (top * width + left) * channels;
      for (let channel = 0; channel < channels; channel++) bytes[at++] = inside ? (from[source + channel] ?? 0) : 0;
      x += stepX;
      y += stepY;
    }
    startX += rowX;
    startY += rowY;
  }
};
