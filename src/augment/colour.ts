import type { ImageBytes } from '../data/index.js';

// What torchvision computes of images by way of Pillow, to the byte: float32 where Pillow has it, cut off, not rounded.

const LEVELS = 256;
const byte = (x: number): number => (x <= 0 ? 0 : x >= 255 ? 255 : Math.trunc(x));

/** base + factor (value − base), in float32: between the two for a factor below 1, beyond `value` above. */
const blend = (base: number, value: number, factor: number): number =>
  byte(Math.fround(base + Math.fround(factor * (value - base))));

/** Replaces every byte, of one channel or of all, by the value that a function gives for it. */
const replace = ({ bytes, channels }: ImageBytes, by: (value: number) => number, channel?: number): void => {
  const table = Uint8Array.from({ length: LEVELS }, (_, value) => by(value));
  const step = channel === undefined ? 1 : channels;
  for (let at = channel ?? 0; at < bytes.length; at += step) bytes[at] = table[bytes[at] ?? 0] ?? 0;
};

const histogram = ({ bytes, channels }: ImageBytes, channel: number): Uint32Array => {
  const counts = new Uint32Array(LEVELS);
  for (let at = channel; at < bytes.length; at += channels) {
    const value = bytes[at] ?? 0;
    counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
};

/** How bright a pixel of three channels is (ITU-R 601), in 16-bit fixed point. */
const luma = (red: number, green: number, blue: number): number =>
  (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16;

/** Darker than black is black: every byte times `factor`. */
export const brightness = (image: ImageBytes, factor: number): void => {
  const strength = Math.fround(factor);
  replace(image, (value) => blend(0, value, strength));
};

/** Less or more colour: away from grey of the same brightness. An image of one channel stays as it is. */
export const saturation = ({ bytes, channels }: ImageBytes, factor: number): void => {
  if (channels !== 3) return;
  const strength = Math.fround(factor);
  for (let at = 0; at < bytes.length; at += 3) {
    const [red, green, blue] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    const grey = luma(red, green, blue);
    bytes[at] = blend(grey, red, strength);
    bytes[at + 1] = blend(grey, green, strength);
    bytes[at + 2] = blend(grey, blue, strength);
  }
};

/** Less or more contrast: away from the mean brightness, rounded to a whole number. */
export const contrast = (image: ImageBytes, factor: number): void => {
  const { bytes, channels } = image;
  let sum = 0;
  for (let at = 0; at < bytes.length; at += channels) {
    const first = bytes[at] ?? 0;
    sum += channels === 3 ? luma(first, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0) : first;
  }
  const middle = Math.floor(sum / (bytes.length / channels) + 0.5);
  const strength = Math.fround(factor);
  replace(image, (value) => blend(middle, value, strength));
};

/** Blurred or sharpened: away from a 3×3 mean in which the pixel itself counts five times; the border stays. */
export const sharpness = ({ bytes, height, width, channels }: ImageBytes, factor: number): void => {
  const strength = Math.fround(factor);
  const from = bytes.slice();
  const row = width * channels;
  const three = (middle: number): number =>
    (from[middle - channels] ?? 0) + (from[middle] ?? 0) + (from[middle + channels] ?? 0);
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * row + channels; at < (y + 1) * row - channels; at++) {
      const own = from[at] ?? 0;
      const sum = three(at - row) + three(at) + three(at + row) + 4 * own;
      bytes[at] = blend(Math.floor((2 * sum + 13) / 26), own, strength); // the mean sum / 13, rounded
    }
  }
};

/** Keeps the highest `bits` of each byte. */
export const posterize = (image: ImageBytes, bits: number): void => {
  const mask = LEVELS - 2 ** (8 - bits);
  replace(image, (value) => value & mask);
};

/** Inverts what is not below `threshold`. */
export const solarize = (image: ImageBytes, threshold: number): void =>
  replace(image, (value) => (value < threshold ? value : 255 - value));

/** Stretches each channel to the whole range. */
export const autoContrast = (image: ImageBytes): void => {
  for (let channel = 0; channel < image.channels; channel++) {
    const counts = histogram(image, channel);
    const [low, high] = [counts.findIndex((n) => n > 0), counts.findLastIndex((n) => n > 0)];
    if (high <= low) continue;
    const scale = 255 / (high - low);
    const offset = -low * scale;
    replace(image, (value) => byte(value * scale + offset), channel);
  }
};

/** Evens out the histogram of each channel. */
export const equalize = (image: ImageBytes): void => {
  for (let channel = 0; channel < image.channels; channel++) {
    const counts = histogram(image, channel);
    const last = counts.findLast((n) => n > 0) ?? 0;
    const step = Math.floor((image.bytes.length / image.channels - last) / 255);
    if (step === 0) continue;
    let below = Math.floor(step / 2);
    const table = counts.map((n) => {
      const value = Math.min(255, Math.floor(below / step));
      below += n;
      return value;
    });
    replace(image, (value) => table[value] ?? 0, channel);
  }
};
