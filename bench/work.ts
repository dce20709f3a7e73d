import { z } from 'zod';
import { crossEntropy } from '../src/loss/index.js';
import { heterogeneous, singleBranch, type TensorBatch } from '../src/method/index.js';
import { derivedNetwork } from '../src/net/index.js';
import { ParameterStore } from '../src/nn/index.js';
import { adam, archOptimizer, clipNorm, sgd } from '../src/optim/index.js';
import { paperSettings } from '../src/recipes/index.js';
import { constant, product } from '../src/schedule/index.js';
import { cell, dartsPrimitives, edgeCount, joined, searchPlan, softmaxRelaxation } from '../src/space/index.js';
import * as t from '../src/tensor/index.js';
import { searchStep } from '../src/train/index.js';
import { dartsV2 } from './darts-v2.js';

const size = (n: number) => z.coerce.number().default(n);

/** What a contender can be asked to do, and at which size. bench/pytorch/step_time.py takes the same. */
export const work = z.object({
  task: z.enum(['step', 'derived', 'forward', 'cell', 'sgemm', 'op']).default('step'),
  /** Of a step. */
  method: z.enum(['darts', 'hls']).default('darts'),
  /** Images of every batch: HLS has two of each kind. */
  batch: size(32),
  /** Of the first cell of a network, or of the one cell. */
  channels: size(16),
  layers: size(8),
  nodes: size(4),
  /** Height and width of the images, or of what a cell reads. */
  image: size(32),
  /** Of a cell. */
  kind: z.enum(['normal', 'reduction']).default('normal'),
  /** Operator of task `op`. */
  op: z.enum(['add', 'relu', 'mm', 'narrow', 'reshape']).default('add'),
});
export type Work = z.infer<typeof work>;

const MIXING = 0.5;
const LR = 0.025;
const CLASSES = 10;
/** Calls of an operator that count as one step of task `op`. */
export const CALLS = 2_000;
/** Rows and columns of the matrices of task `sgemm`. */
export const SGEMM = 2_048;

const shapeOf = ({ channels, layers, nodes }: Work) => ({
  channels,
  layers,
  nodes,
  classes: CLASSES,
  inputChannels: 3,
});
const criterion = crossEntropy().build([]);
const pixels = ({ batch, image }: Work, channels = 3): t.Tensor =>
  t.scope(() => t.channelsLast(t.randn([batch, channels, image, image])));
const random = (w: Work): TensorBatch => ({
  images: pixels(w),
  labels: t.tensor(BigInt64Array.from({ length: w.batch }, (_, i) => BigInt(i % CLASSES))),
});

const step = (w: Work): (() => void) => {
  const settings = { ...paperSettings, ...shapeOf(w), batchSize: w.batch };
  const method = w.method === 'hls' ? heterogeneous(constant(MIXING)) : singleBranch();
  const net = method.build(shapeOf(w), { relax: softmaxRelaxation });
  const weights = sgd(net.store.flat, settings);
  const arch = archOptimizer(net.alphas, {
    rates: (component) => product(constant(3e-4), method.archLr?.[component] ?? constant(1)),
    make: (value) => adam(value, { betas: [0.5, 0.999], weightDecay: 1e-3 }),
  });
  const [train, valid] = [method.streams.map(() => random(w)), method.streams.map(() => random(w))];
  const where = { epoch: 0, step: 0 };
  const mixing = method.mixing?.(0) ?? null;
  return () => {
    searchStep({ net, weights, arch, criterion, settings }, { train, valid, t: 0, mixing, lr: LR, where });
  };
};

/** A training step of the published second-order cells: loss, gradients, clipping, SGD. */
const derived = (w: Work): (() => void) => {
  const net = derivedNetwork(shapeOf(w), { genotype: dartsV2 });
  const weights = sgd(net.store.flat, paperSettings);
  const { images, labels } = random(w);
  return () => {
    const loss = criterion(net.logits(images), labels);
    const gradients = t.grad(loss, net.store.leaves, { unused: 'zeros' });
    t.noGrad(() => {
      const flat = t.cat(gradients.map((g) => t.reshape(g, [-1])));
      clipNorm(flat, { max: paperSettings.gradClip });
      weights.step(flat, { lr: LR });
    });
  };
};

/** The supernet in training mode, without gradients. */
const forward = (w: Work): (() => void) => {
  const net = singleBranch().build(shapeOf(w), { relax: softmaxRelaxation });
  const { images } = random(w);
  return () => t.noGrad(() => net.logits(images).data());
};

/** Channels of what a cell in mid-network reads: outputs of cells of its own width, or of half of it where it reduces. */
export const cellInputs = ({ kind, channels, nodes }: Work): number =>
  kind === 'reduction' ? (nodes * channels) / 2 : nodes * channels;

/** One cell of the supernet, forward and back: gradients of its inputs, its weights and alpha. */
const oneCell = (w: Work): (() => void) => {
  const { kind, channels, nodes } = w;
  const store = new ParameterStore();
  const inputs = cellInputs(w);
  const plan = searchPlan(dartsPrimitives, { nodes });
  const body = cell(store.component('cell'), plan, {
    kind,
    channels,
    inputs: [inputs, inputs],
    afterReduction: false,
    search: true,
  });
  store.allocate();
  const alpha = t.randn([edgeCount(nodes), dartsPrimitives.length]).requireGrad();
  const [s0, s1] = [pixels(w, inputs).requireGrad(), pixels(w, inputs).requireGrad()];
  const output = kind === 'reduction' ? Math.ceil(w.image / 2) : w.image;
  const cotangent = pixels({ ...w, image: output }, nodes * channels);
  return () => {
    const y = joined(body.forward([s0], [s1], { weights: softmaxRelaxation(alpha) }));
    t.grad(y, [s0, s1, alpha, ...store.leaves], { gradOutputs: [cotangent] });
  };
};

/** What libtorch's matrix product reaches here: the yardstick for the cells. */
const sgemm = (): (() => void) => {
  const [a, b] = [t.randn([SGEMM, SGEMM]), t.randn([SGEMM, SGEMM])];
  return () => void t.matmul(a, b);
};

/** What a call of an operator costs where it has next to nothing to compute, its result released. */
const operator = ({ op }: Work): (() => void) => {
  const [one, other, two, four] = [t.ones([1]), t.ones([1]), t.ones([2, 2]), t.ones([4])];
  const calls = {
    add: () => t.add(one, other),
    relu: () => t.relu(one),
    mm: () => t.matmul(two, two),
    narrow: () => t.narrow(four, 0, 1, 2),
    reshape: () => t.reshape(four, [2, 2]),
  };
  const call = calls[op];
  return () =>
    t.noGrad(() => {
      for (let i = 0; i < CALLS; i++) call().dispose();
    });
};

const tasks: Record<Work['task'], (w: Work) => () => void> = {
  step,
  derived,
  forward,
  cell: oneCell,
  sgemm,
  op: operator,
};

/** Makes what a task needs, and returns the function to be timed. */
export const prepare = (w: Work): (() => void) => {
  const run = tasks[w.task](w);
  return () => t.scope(run);
};
