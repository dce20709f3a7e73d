import type { EpochRecord, Evaluation, RunInfo } from '../../src/run/index.js';

/** A run of ten epochs on two classes, as run.json describes it. */
export const info: RunInfo = {
  format: 2,
  name: 'hls',
  experiment: {
    kind: 'search',
    name: 'hls',
    label: 'HLS',
    paper: 65.12,
    method: 'HLS',
    options: { epochs: 10, mixing: 'parabolicDecay', flip: true },
    streams: [{ part: 'train', sampling: 'instance' }],
    space: { name: 'darts', primitives: ['none', 'skip_connect'] },
    network: null,
    phases: [{ name: 'search', epochs: 10, knobs: { mixing: 'parabolicDecay' }, frozen: [] }],
  },
  overrides: { scale: 'smoke' },
  changes: {},
  seed: 7,
  data: {
    spec: 'mnist',
    name: 'MNIST',
    fingerprint: 'f00d',
    classes: ['cat', 'dog'],
    counts: { train: [120, 30], valid: [4, 1], test: [4, 2] },
    channels: 1,
    imageSize: 28,
    mean: [0.13],
    std: [0.31],
    fit: 'cover',
  },
  size: { weights: 100, multiplyAdds: 1000 },
  versions: { tailnas: '0.1.0' },
  host: { name: 'here', processor: 'p', cores: 2 },
  device: 'cpu',
  threads: 1,
  command: ['tailnas', 'search', 'hls'],
  startedAt: '2026-01-02T03:04:05.000Z',
};

/** The record of one of its epochs. */
export const recordOf = (epoch: number): EpochRecord => ({
  kind: 'search',
  phase: 'search',
  epoch,
  t: epoch / 10,
  knobs: { weightLr: 0.1, 'archLr.backbone': 3e-4 },
  trainLoss: 1.25,
  trainAccuracy: 0.5,
  validLoss: 1.5,
  validAccuracy: 0.8,
  perClassAccuracy: [0.75, 1],
  answers: [{ at: { mixing: 0 }, loss: 1, accuracy: 0.8, meanPerClassAccuracy: 0.875, perClassAccuracy: [0.75, 1] }],
  gradNorm: { weights: { backbone: 1 }, alpha: { backbone: 1 } },
  alpha: { backbone: { normal: [[0.1, -0.1]] } },
  genotype: { backbone: { normal: { nodes: [[{ op: 'skip_connect', from: 0 }]], concat: [2] } } },
  seconds: 1.5,
  imagesPerSecond: 100,
  peakMemoryBytes: 1e8,
});

/** Its result. */
export const resultOf = (): Evaluation => ({
  split: 'test',
  at: { mixing: 0.5 },
  loss: 1.5,
  accuracy: 4 / 6,
  meanPerClassAccuracy: 0.625,
  perClassAccuracy: [0.75, 0.5],
  confusion: [
    [3, 1],
    [1, 1],
  ],
  shots: { many: 0.75, medium: 0.5, few: null },
  ranks: { head: 0.75, middle: null, tail: 0.5 },
  answers: null,
  priors: {
    assumed: [0.8, 0.2],
    tests: [{ name: 'uniform', prior: [0.5, 0.5], unadjusted: 0.625, adjusted: 0.6 }],
  },
});
