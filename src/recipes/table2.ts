import { bilateral, heterogeneous, singleBranch } from '../method/index.js';
import { BACKBONE } from '../net/index.js';
import { constant, parabolicDecay, reverseSigmoid, type Schedule } from '../schedule/index.js';
import type { Recipe, Settings } from '../train/index.js';

/**
 * The paper's settings (section V-A): batch 128, weights 0.02 on a cosine, alpha 0.02, decay 3e-4. What it leaves out is DARTS': 50 epochs,
 * first order, momentum, clipping, where the cosine ends, and the rule for alpha.
 */
export const paperSettings: Settings = {
  epochs: 50,
  batchSize: 128,
  channels: 16,
  layers: 8,
  nodes: 4,
  order: 1,
  weightLr: 0.02,
  weightLrMin: 0.001,
  momentum: 0.9,
  weightDecay: 3e-4,
  gradClip: 5,
  archLr: 0.02,
  archOptimizer: 'adam',
  archWeightDecay: 1e-3,
};

const row = (name: string, label: string, rest: Omit<Recipe, 'name' | 'label' | 'settings'>): Recipe => ({
  name,
  label,
  settings: paperSettings,
  ...rest,
});

/** HLS, and then one of four ways to train on (section V-D). Its length, as a share of the search's epochs, is inferred: the paper does not say. */
const onward = (mixing: Schedule, frozen: readonly string[] = []): Pick<Recipe, 'method' | 'continued'> => ({
  method: heterogeneous(parabolicDecay()),
  continued: [{ name: 'continued', share: 0.5, mixing, frozen }],
});

// Table II of the paper: accuracy on CIFAR-10-LT at ratio 100, in percent. Its first three rows are table I.
export const darts = row('darts', 'DARTS', { paper: 64.56, method: singleBranch() });
export const dartsResampling = row('darts-resampling', 'DARTS + Re-sampling', {
  paper: 61.2,
  method: singleBranch({ sampling: 'class' }),
});
export const dartsBbn = row('darts-bbn', 'DARTS + BBN', {
  paper: 52.14,
  method: bilateral({ mixing: parabolicDecay() }),
});
export const hls = row('hls', 'HLS', { paper: 65.12, method: heterogeneous(parabolicDecay()) });
export const hlsReverseSigmoid = row('hls-reverse-sigmoid', 'HLS + Reverse Sigmoid', {
  paper: 61.85,
  method: heterogeneous(reverseSigmoid()),
});
export const hlsContinuedHalf = row('hls-continued-half', 'HLS + Continuous Learning', {
  paper: 63.12, // taken to be this form, which the paper calls the most stable
  ...onward(constant(0.5)),
});

// The other three forms of continued training, figure 8.
export const hlsContinuedClass = row('hls-continued-class', 'HLS + class branch alone', onward(constant(0)));
export const hlsContinuedReverse = row(
  'hls-continued-reverse',
  'HLS + reverse sigmoid after it',
  onward(reverseSigmoid()),
);
export const hlsContinuedFrozen = row(
  'hls-continued-frozen',
  'HLS + class head alone',
  onward(constant(0), [BACKBONE, 'instance']),
);
