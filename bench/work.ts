import { z } from 'zod';
import { batchToTensors, parseAugment } from '../src/augment/index.js';
import { Rng, stream } from '../src/data/index.js';
import { experiments } from '../src/experiment/index.js';
import { alone, type Group } from '../src/group/index.js';
import type { At, Context, Learner } from '../src/learn/index.js';
import { knobsAt } from '../src/loop/index.js';
import { crossEntropyLoss } from '../src/loss/index.js';
import { derivedNetwork, type Model, resnet, searchNetwork } from '../src/net/index.js';
import { ParameterStore, type Pass, type TensorBatch } from '../src/nn/index.js';
import { clipNorm, sgd } from '../src/optim/index.js';
import {
  cell,
  cellInput,
  dartsPrimitives,
  edgeCount,
  joined,
  namedGenotype,
  searchPlan,
  softmaxRelaxation,
} from '../src/space/index.js';
import * as t from '../src/tensor/index.js';

const size = (n: number) => z.coerce.number().default(n);

/** What a contender can be asked to do, and at which size. bench/pytorch/step_time.py takes the same. */
export const work = z.object({
  task: z.enum(['step', 'eigenvalue', 'derived', 'resnet', 'forward', 'cell', 'sgemm', 'op', 'batch']).default('step'),
  /** Of a step: a search's recipe. */
  method: z.string().default('darts'),
  /** Of a step: the phase of that recipe, from 0. Those before it are built, and not run. */
  phase: z.coerce.number().int().min(0).default(0),
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
  /** Where the work is done, of tasks `step` and `eigenvalue`. */
  device: z.string().default('cpu'),
  /** How images of task `batch` are changed. */
  augment: z.string().default('none'),
});
export type Work = z.infer<typeof work>;

const MIXING = 'constant(0.5)';
const LR = 0.025;
const RULE = { momentum: 0.9, weightDecay: 3e-4 }; // of the weights
const GRAD_CLIP = 5;
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
const criterion = crossEntropyLoss().build([]);
const training: Pass = { training: true, knobs: {} };
const pixels = ({ batch, image }: Work, channels = 3): t.Tensor =>
  t.scope(() => t.channelsLast(t.randn([batch, channels, image, image])));
const on = ({ device }: Work, x: t.Tensor): t.Tensor => (device === 'cpu' ? x : t.to(x, { device }));
/** Images without meaning, the same on every device. */
export const random = (w: Work): TensorBatch => {
  const labels = t.tensor(BigInt64Array.from({ length: w.batch }, (_, i) => BigInt(i % CLASSES)));
  return { images: on(w, pixels(w)), targets: [{ labels: on(w, labels), share: 1 }] };
};

/** A search as the command builds it, in the middle of a phase: alpha learns by then, whatever its warm-up. */
export const search = (w: Work, group: Group = alone): { learner: Learner; at: At } => {
  const { channels, layers, nodes, classes, inputChannels } = shapeOf(w);
  const mixing = w.method === 'hls' ? { mixing: MIXING } : {};
  const eigenvalue = w.task === 'eigenvalue' ? { eigenvalue: 1 } : {};
  const experiment = experiments.named(w.method);
  const rates = { weightLr: LR, ...('archLr' in experiment.options.shape ? { archLr: 3e-4 } : {}) };
  const values = { batchSize: w.batch, channels, layers, nodes, ...rates, ...mixing, ...eigenvalue };
  const { phases } = experiment.with(values);
  const context: Context = {
    ...{ classes, inputChannels, imageSize: w.image, counts: new Array<number>(classes).fill(1), device: w.device },
    group,
    sample: ({ batchSize, batches }) => Array.from({ length: batches }, () => random({ ...w, batch: batchSize })),
  };
  const phase = phases[w.phase];
  let learner: Learner | undefined;
  for (const { start } of phases.slice(0, w.phase + 1)) {
    const next = start?.(context, { before: learner });
    if (next === undefined || next === learner) continue;
    learner?.dispose();
    learner = next;
  }
  if (phase === undefined || learner === undefined) throw new Error(`${w.method} must build a network`);
  return { learner, at: { epoch: 0, step: 0, knobs: knobsAt(phase, 0.5) } };
};

/** A step of a search, on a share of the batch where several processes take it together. */
const step = (whole: Work, group: Group): (() => void) => {
  const w = { ...whole, batch: whole.batch / group.size };
  const { learner, at } = search(w, group);
  const batches = learner.streams.map(() => random(w));
  return () => {
    learner.step(batches, at);
  };
};

/** What a search measures for the record of an epoch: the Hessian's dominant eigenvalue, and next to nothing else. */
const eigenvalue = (w: Work): (() => void) => {
  const { learner, at } = search(w, alone);
  return () => {
    learner.record(at);
  };
};

/** A training step of a network: loss, gradients, clipping, SGD. */
const trainingStep = (w: Work, net: Model): (() => void) => {
  const weights = sgd(net.store.flat, RULE);
  const { images, targets } = random(w);
  return () => {
    const [{ logits } = { logits: images }] = net.answers(images, training);
    const loss = criterion(logits, targets, training);
    const gradients = t.grad(loss, net.store.leaves, { unused: 'zeros' });
    t.noGrad(() => {
      const flat = net.store.gather(gradients);
      clipNorm(flat, { max: GRAD_CLIP });
      weights.step(flat, { lr: LR });
    });
  };
};

/** The network of the published second-order cells. */
const derived = (w: Work): (() => void) =>
  trainingStep(w, derivedNetwork(shapeOf(w), { genotype: namedGenotype('darts-v2') ?? {} }));

const resnet32 = (w: Work): (() => void) => trainingStep(w, resnet({ ...shapeOf(w), imageSize: w.image }));

/** The supernet in training mode, without gradients. */
const forward = (w: Work): (() => void) => {
  const net = searchNetwork(shapeOf(w));
  const { images } = random(w);
  return () => t.noGrad(() => void net.answers(images, training).map(({ logits }) => logits.data()));
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
    supernet: true,
  });
  store.allocate();
  const alpha = t.randn([edgeCount(nodes), dartsPrimitives.length]).requireGrad();
  const [s0, s1] = [pixels(w, inputs).requireGrad(), pixels(w, inputs).requireGrad()];
  const output = kind === 'reduction' ? Math.ceil(w.image / 2) : w.image;
  const cotangent = pixels({ ...w, image: output }, nodes * channels);
  return () => {
    const y = joined(
      body.forward(cellInput([s0]), cellInput([s1]), {
        weights: softmaxRelaxation.weights({ ops: alpha }, { plan, pass: training }),
        pass: training,
      }),
    );
    t.grad(y, [s0, s1, alpha, ...store.leaves], { gradOutputs: [cotangent] });
  };
};

/** A batch of training images: drawn, changed and normalised, without a network. */
const batch = ({ batch: batchSize, image, augment: label }: Work): (() => void) => {
  const random = new Rng(0);
  const counts = Array.from({ length: CLASSES }, (_, c) => 2 ** (CLASSES - c)); // a long tail
  const labels = Uint16Array.from(counts.flatMap((n, c) => new Array<number>(n).fill(c)));
  const images = Uint8Array.from({ length: labels.length * image * image * 3 }, () => random.below(256));
  const set = { images, labels, height: image, width: image, channels: 3 };
  const augment = parseAugment(label);
  const options = { sampling: 'instance', batchSize, classes: CLASSES, augment, seed: 0, name: 'train-0' } as const;
  const batches = stream(set, options);
  const about = { ...set, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const toTensors = batchToTensors(about, { augment, counts });
  return () => void toTensors(batches.next(), training);
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

const tasks: Record<Work['task'], (w: Work, group: Group) => () => void> = {
  step,
  eigenvalue,
  derived,
  resnet: resnet32,
  forward,
  cell: oneCell,
  sgemm,
  op: operator,
  batch,
};

/** Makes what a task needs, and returns the function to be timed. Of the tasks only `step` is for several processes. */
export const prepare = (w: Work, group: Group = alone): (() => void) => {
  const run = tasks[w.task](w, group);
  return () => t.scope(run);
};
