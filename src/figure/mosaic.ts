import { percent, plural } from '../measure/index.js';
import { type Figure, figure } from './canvas.js';

/** The most pictures of a mosaic: four rows of six. */
export const MOSAIC_TILES = 24;

/** An image of a class that was taken for another. */
export interface Mistake {
  readonly file: string;
  /** A small square picture of it, as PNG. */
  readonly png: Uint8Array;
  readonly predicted: string;
  readonly probability: number;
  /** Of the class that it has. */
  readonly ofTruth: number;
}

/** What a network got wrong of one class, most confident first: each with what was said of it, and how sure that was. */
export const mistakesFigure = (
  truth: string,
  { mistakes, total, images }: { mistakes: readonly Mistake[]; total: number; images: number },
): Figure =>
  figure('mistakes', {
    title: `${truth}, taken for something else`,
    caption:
      `${mistakes.length < total ? `The ${mistakes.length} most confident of ${plural(total, 'mistake')}` : plural(total, 'mistake')} ` +
      `among ${plural(images, 'image')} of ${truth}. Bold: what the network said, and how sure it was; below: what it ` +
      'was, and the probability that it gave to that.',
    rows: [
      {
        tiles: mistakes.slice(0, MOSAIC_TILES).map(({ file, png, predicted, probability, ofTruth }) => ({
          png,
          lines: [`${short(probability)} ${predicted}`, `${short(ofTruth)} ${truth}`, file],
        })),
      },
    ],
  });

/** `97 %`; what rounds to all or nothing without being it is said exactly. */
const short = (share: number): string => {
  const whole = Math.round(100 * share);
  return whole === 0 || whole === 100 ? percent(share) : `${whole} %`;
};
