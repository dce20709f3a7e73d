import { BACKBONE, HEADS } from '../net/index.js';
import { constant, reverseSigmoid, type Schedule } from '../schedule/index.js';
import type { Experiment, Values } from './experiment.js';
import { bilateralSearch, hlsSearch, plainSearch, type Row } from './search.js';

/**
 * The paper's settings (section V-A): batch 128, weights 0.02 on a cosine, alpha 0.02, decay 3e-4. What it leaves out
 * is DARTS': 50 epochs, first order, momentum, clipping, where the cosine ends, and the rule for alpha.
 */
export const paperSettings = {
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
  loss: 'cross-entropy',
  space: 'darts',
  relax: 'softmax',
  selector: 'darts',
  stop: 'never',
  augment: 'default',
  sampling: 'instance',
} as const satisfies Values;

const row = (name: string, label: string, { paper, ...changed }: Values & { paper?: number } = {}): Row => ({
  name,
  label,
  ...(paper === undefined ? {} : { paper }),
  defaults: { ...paperSettings, ...changed },
});

const BRANCHES = { sampling: 'class', mixing: 'parabolicDecay', bnScope: 'joint', logitScale: 1 } as const;
const HLS = { ...BRANCHES, freeze: 'exp' } as const;

/**
 * HLS, and then one of four ways to train on (section V-D). Its length, as a share of the search's epochs, is inferred:
 * the paper does not say.
 */
const continued = (own: Row, mixing: Schedule, frozen: readonly string[] = []): Experiment =>
  hlsSearch(own, { continued: [{ name: 'continued', share: 0.5, mixing, frozen }] });

const [INSTANCE] = HEADS;

/**
 * Table II of the paper: accuracy on CIFAR-10-LT at ratio 100, in percent. Its first three rows are table I. Then the
 * other forms of figure 8.
 */
export const table2: readonly Experiment[] = [
  plainSearch(row('darts', 'DARTS', { paper: 64.56 })),
  plainSearch(row('darts-resampling', 'DARTS + Re-sampling', { paper: 61.2, sampling: 'class' })),
  bilateralSearch(row('darts-bbn', 'DARTS + BBN', { paper: 52.14, ...BRANCHES })),
  hlsSearch(row('hls', 'HLS', { paper: 65.12, ...HLS })),
  hlsSearch(row('hls-reverse-sigmoid', 'HLS + Reverse Sigmoid', { paper: 61.85, ...HLS, mixing: 'reverseSigmoid' })),
  // Taken to be this form, which the paper calls the most stable.
  continued(row('hls-continued-half', 'HLS + Continuous Learning', { paper: 63.12, ...HLS }), constant(0.5)),
  continued(row('hls-continued-class', 'HLS + class branch alone', HLS), constant(0)),
  continued(row('hls-continued-reverse', 'HLS + reverse sigmoid after it', HLS), reverseSigmoid()),
  continued(row('hls-continued-frozen', 'HLS + class head alone', HLS), constant(0), [BACKBONE, INSTANCE]),
];

/**
 * What is searched when no recipe is named: the highest mean of table II's rows on balanced test images (docs/results).
 */
export const RECOMMENDED = 'hls-continued-class';
