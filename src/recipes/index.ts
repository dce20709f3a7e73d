import type { Recipe, Settings } from '../train/index.js';
import { type Scale, scales } from './scales.js';
import {
  darts,
  dartsBbn,
  dartsResampling,
  hls,
  hlsContinuedClass,
  hlsContinuedFrozen,
  hlsContinuedHalf,
  hlsContinuedReverse,
  hlsReverseSigmoid,
} from './table2.js';

export { type Scale, scaleNames, scales } from './scales.js';
export * from './table2.js';

/** Every experiment that has a name, in the order of the paper. */
export const recipes: readonly Recipe[] = [
  darts,
  dartsResampling,
  dartsBbn,
  hls,
  hlsReverseSigmoid,
  hlsContinuedHalf,
  hlsContinuedClass,
  hlsContinuedReverse,
  hlsContinuedFrozen,
];

/** What is searched when no recipe is named: the highest mean of table II's rows on balanced test images (docs/results). */
export const recommended: Recipe = hlsContinuedClass;

/** A recipe at a scale, with single settings changed: what is given last wins. */
export const scaled = (
  recipe: Recipe,
  { scale, settings = {} }: { scale: Scale; settings?: Partial<Settings> },
): Recipe => ({ ...recipe, settings: { ...recipe.settings, ...scales[scale], ...settings } });
