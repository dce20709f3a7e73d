import { BACKBONE } from '../net/index.js';
import { constant, reverseSigmoid, type Schedule } from '../schedule/index.js';
import type { Recipe } from '../train/index.js';
import { hls } from './table2.js';

/** How long training goes on after the search, as a share of its epochs; the paper does not say. */
const SHARE = 0.5;

const continued = (
  name: string,
  { label, mixing, frozen = [] }: { label: string; mixing: Schedule; frozen?: readonly string[] },
): Recipe => {
  const { paper: _, ...rest } = hls;
  return {
    ...rest,
    name: `hls-continued-${name}`,
    label,
    continued: [{ name: 'continued', share: SHARE, mixing, frozen }],
  };
};

// Section V-D and figure 8: HLS, and then one of four ways to train on. The second is the row of table II: the paper calls it the most stable.
export const hlsContinuedClass = continued('class', {
  label: 'HLS + Continuous Learning, class branch alone',
  mixing: constant(0),
});
export const hlsContinuedHalf: Recipe = {
  ...continued('half', { label: 'HLS + Continuous Learning', mixing: constant(0.5) }),
  paper: 63.12,
};
export const hlsContinuedReverse = continued('reverse', {
  label: 'HLS + Continuous Learning, reverse sigmoid',
  mixing: reverseSigmoid(),
});
export const hlsContinuedFrozen = continued('frozen', {
  label: 'HLS + Continuous Learning, class head alone',
  mixing: constant(0),
  frozen: [BACKBONE, 'instance'],
});
