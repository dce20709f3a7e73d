import type { ImageBytes } from '../data/index.js';
import { rotate, shearX, shearY, transform, translate } from './affine.js';
import type { Augment } from './augment.js';
import { autoContrast, brightness, contrast, equalize, posterize, saturation, sharpness, solarize } from './colour.js';

type Size = Pick<ImageBytes, 'height' | 'width'>;

/** One way to change an image, at a strength that is drawn. */
export interface Operation {
  readonly name: string;
  /** From a bin, 0 to 30, to a strength; absent where there is nothing to choose. */
  readonly strength?: (bin: number, size: Size) => number;
  /** Whether half of the strengths are negative. */
  readonly signed?: boolean;
  apply(image: ImageBytes, strength: number): void;
}

/** Strengths of every operation, evenly spaced. */
export const BINS = 31;

const upTo =
  (most: number) =>
  (bin: number): number =>
    (bin * most) / (BINS - 1);

/** The farthest that an image is moved, of its side: torchvision's 32 px of images of 224. */
const FARTHEST = 32 / 224;

const moved = (side: keyof Size) => (bin: number, size: Size) => upTo(size[side] * FARTHEST)(bin);

const signed = (most: number, apply: Operation['apply']) => ({ strength: upTo(most), signed: true, apply });

/** The wide space of TrivialAugment, in torchvision's order. */
export const operations: readonly Operation[] = [
  { name: 'Identity', apply: () => {} },
  { name: 'ShearX', ...signed(0.99, (image, slope) => transform(image, shearX(slope))) },
  { name: 'ShearY', ...signed(0.99, (image, slope) => transform(image, shearY(slope))) },
  {
    name: 'TranslateX',
    strength: moved('width'),
    signed: true,
    apply: (image, pixels) => transform(image, translate(Math.trunc(pixels), 0)),
  },
  {
    name: 'TranslateY',
    strength: moved('height'),
    signed: true,
    apply: (image, pixels) => transform(image, translate(0, Math.trunc(pixels))),
  },
  { name: 'Rotate', ...signed(135, (image, degrees) => transform(image, rotate(degrees, image))) },
  { name: 'Brightness', ...signed(0.99, (image, more) => brightness(image, 1 + more)) },
  { name: 'Color', ...signed(0.99, (image, more) => saturation(image, 1 + more)) },
  { name: 'Contrast', ...signed(0.99, (image, more) => contrast(image, 1 + more)) },
  { name: 'Sharpness', ...signed(0.99, (image, more) => sharpness(image, 1 + more)) },
  { name: 'Posterize', strength: (bin) => 8 - Math.round(upTo(6)(bin)), apply: posterize },
  { name: 'Solarize', strength: (bin) => 255 - upTo(255)(bin), apply: solarize },
  { name: 'AutoContrast', apply: autoContrast },
  { name: 'Equalize', apply: equalize },
];

/**
 * TrivialAugment Wide (Müller and Hutter 2021): one of 14 operations per image, at one of 31 strengths, as torchvision
 * computes them. Only how far an image is moved differs: at most 1/7 of its side, which is torchvision's 32 px at 224
 * px, but would be all of an image of 32. What comes into view is black.
 */
export const trivial = (): Augment => ({
  label: 'trivial',
  bytes: (image, rng) => {
    const operation = operations[rng.below(operations.length)];
    const strength = operation?.strength?.(rng.below(BINS), image) ?? 0;
    operation?.apply(image, operation.signed === true && rng.below(2) === 1 ? -strength : strength);
  },
});
