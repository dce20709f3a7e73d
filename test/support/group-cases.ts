import type { Group } from '../../src/group/index.js';
import {
  bilateralObjective,
  darts,
  type Learner,
  type Objective,
  plainObjective,
  type StreamSpec,
  supervised,
} from '../../src/learn/index.js';
import { crossEntropyLoss } from '../../src/loss/index.js';
import {
  BACKBONE,
  bilateralNetwork,
  HEADS,
  type Model,
  resnet,
  type Supernet,
  searchNetwork,
} from '../../src/net/index.js';
import type { TensorBatch } from '../../src/nn/index.js';
import { like, randn, rng, scope, type Tensor, tensor, threads } from '../../src/tensor/index.js';

const sizes = { channels: 4, layers: 2, nodes: 2, classes: 3, inputChannels: 3, imageSize: 8 };
export const settings = {
  momentum: 0.9,
  weightDecay: 3e-4,
  gradClip: 0.5,
  archOptimizer: 'adam',
  archWeightDecay: 1e-3,
} as const;
export const knobs: Readonly<Record<string, number>> & { readonly weightLr: number } = {
  weightLr: 0.05,
  mixing: 0.3,
  [`archLr.${BACKBONE}`]: 0.01,
  ...Object.fromEntries(HEADS.map((head) => [`archLr.${head}`, 0.02])),
};
export const STEPS = 3;
const IMAGES = 8;

/** The learners that several processes can share, at a size of milliseconds per step. */
export const caseNames = ['darts', 'darts, order 2', 'hls', 'hls, order 2', 'joint', 'resnet8'] as const;
export type CaseName = (typeof caseNames)[number];
const criterion = crossEntropyLoss().build([]);

/** What a case is made of: fresh weights of one seed. */
export interface Parts {
  readonly order: 0 | 1 | 2;
  readonly joint: boolean;
  readonly net: Supernet | undefined;
  readonly model: Model;
  readonly objective: Objective;
  readonly streams: readonly StreamSpec[];
}

const partsOf = (name: CaseName, count: number): StreamSpec[] =>
  (name === 'joint' || name === 'resnet8' ? (['train'] as const) : (['train', 'valid'] as const)).flatMap((part) =>
    Array.from({ length: count }, () => ({ part, sampling: 'instance' as const })),
  );

export const parts = (name: CaseName, dtype: 'float32' | 'float64' = 'float32'): Parts => {
  const shape = { ...sizes, dtype };
  threads.set(1);
  rng.seed(3);
  const order = name === 'resnet8' ? 0 : name.endsWith('2') ? 2 : 1;
  const joint = name === 'joint';
  if (name.startsWith('hls')) {
    const net = bilateralNetwork(shape);
    return { order, joint, net, model: net, objective: bilateralObjective(net, criterion), streams: partsOf(name, 2) };
  }
  const streams = partsOf(name, 1);
  if (order === 0) {
    const model = resnet(shape, { depth: 8 });
    return { order, joint, net: undefined, model, objective: plainObjective(model, criterion), streams };
  }
  const net = searchNetwork(shape);
  return { order, joint, net, model: net, objective: plainObjective(net, criterion), streams };
};

export const learnerOf = (made: Parts, group: Group): Learner => {
  const { net, order, joint } = made;
  if (net === undefined || order === 0) return supervised({ ...made, ...settings, group });
  return darts({ ...made, ...settings, net, order, archData: joint ? 'train' : 'valid', group });
};

/** The whole batches of a step, the same in every process. */
export const batchesOf = ({ streams, model }: Pick<Parts, 'streams' | 'model'>, step: number): TensorBatch[] => {
  const before = rng.state();
  rng.seed(100 + step);
  const batches = streams.map((_, s) => ({
    images: randn([IMAGES, 3, 8, 8], like(model.store)),
    targets: [
      {
        labels: tensor(
          Array.from({ length: IMAGES }, (_, i) => (i * 7 + s + step) % 3),
          { dtype: 'int64' },
        ),
        share: 1,
      },
    ],
  }));
  rng.restore(before);
  return batches;
};

/** All numbers that a case has come to: weights, statistics, and what the learner remembers. */
export const stateOf = (model: Model, tensors: Readonly<Record<string, Tensor>>): number[] =>
  scope(() =>
    [model.store.flat, ...model.store.buffers.values(), ...Object.values(tensors)].flatMap((t) => t.toArray()),
  );
