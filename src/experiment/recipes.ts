import { BACKBONE, instanceHead, paperAccuracy, paperRows } from '../paper/index.js';
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
  steps: 0,
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
  classifier: 'linear',
  space: 'darts',
  relax: 'softmax',
  selector: 'darts',
  temperature: 'constant(1)',
  perturbation: 'constant(0)',
  partial: 1,
  auxiliarySkip: 'constant(0)',
  archWarmup: 0,
  archData: 'valid',
  archLoss: 'same',
  archSampling: 'same',
  eigenvalue: 0,
  stages: '0',
  drops: '0',
  skipDropout: '0',
  projection: 0,
  stop: 'never',
  augment: 'default',
  sampling: 'instance',
} as const satisfies Values;

const accuracies: Readonly<Record<string, number>> = paperAccuracy;

/** A row of the paper, with what it has other than its settings. */
const row = (name: string, changed: Values = {}): Row => ({
  name,
  label: paperRows.find((own) => own.name === name)?.label ?? name,
  paper: accuracies[name] ?? null,
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

/**
 * Table II of the paper, its first three rows being table I; then the other forms of continued training in figure 8.
 */
export const table2: readonly Experiment[] = [
  plainSearch(row('darts')),
  plainSearch(row('darts-resampling', { sampling: 'class' })),
  bilateralSearch(row('darts-bbn', BRANCHES)),
  hlsSearch(row('hls', HLS)),
  hlsSearch(row('hls-reverse-sigmoid', { ...HLS, mixing: 'reverseSigmoid' })),
  continued(row('hls-continued-half', HLS), constant(0.5)),
  continued(row('hls-continued-class', HLS), constant(0)),
  continued(row('hls-continued-reverse', HLS), reverseSigmoid()),
  continued(row('hls-continued-frozen', HLS), constant(0), [BACKBONE, instanceHead.component]),
];

/**
 * What is searched when no recipe is named: the highest mean of table II's rows on balanced test images (docs/results).
 */
export const RECOMMENDED = 'hls-continued-class';
