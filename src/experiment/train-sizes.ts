import { cosine } from '../schedule/index.js';
import type { Scale, Values } from './experiment.js';

/** DARTS' evaluation of a cell (Liu et al. 2019), except for the sizes and the values of a recipe. */
export const DARTS: Values = {
  epochs: 600,
  batchSize: 96,
  channels: 36,
  layers: 20,
  lr: 0.025,
  lrMin: 0,
  lrSchedule: cosine(1, 0).label,
  momentum: 0.9,
  weightDecay: 3e-4,
  gradClip: 5,
  steps: 0,
  dropPath: 0.2,
  auxiliary: 0.4,
  bilateral: false,
  mixing: 'parabolicDecay',
  cutout: 16,
};

/** Networks of cells. */
export const CELLS: Readonly<Record<Scale, Values>> = {
  /** Minutes on two cores: shows that everything works. */
  smoke: { epochs: 2, batchSize: 64, channels: 4, layers: 3 },
  /** Of darts-v2 246,106 weights and 43 million multiply-adds: half an hour to two hours on two cores. */
  small: { epochs: 40, batchSize: 64, channels: 16, layers: 8 },
  /** DARTS' own sizes: days on two cores. */
  paper: {},
};

/** As the long-tail literature trains ResNet-32, but with DARTS' clipping and no warm-up. */
export const RESNET: Values = {
  channels: 16,
  batchSize: 128,
  epochs: 200,
  lr: 0.1,
  weightDecay: 2e-4,
  cutout: 0,
};
export const RESNETS: Readonly<Record<Scale, Values>> = {
  smoke: { ...RESNET, epochs: 2, channels: 8 },
  small: { ...RESNET, epochs: 40, batchSize: 64, lr: 0.05 },
  paper: RESNET,
};
