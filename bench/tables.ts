import { availableParallelism, freemem } from 'node:os';
import { methods } from '../src/experiment/index.js';
import { edgeCount } from '../src/space/index.js';
import type { Column } from './columns.js';
import * as column from './columns.js';
import type { Engine } from './contender.js';
import type { Row } from './rounds.js';
import { CALLS, cellInputs, SGEMM, type Work, work } from './work.js';

export interface Table {
  readonly about: string;
  /** How long 5 rounds take at the usual sizes on two cores. */
  readonly minutes: number;
  readonly rows: readonly Row[];
  readonly columns: readonly Column[];
}

/** The sizes that can be chosen on the command line. */
export interface Sizes extends Pick<Work, 'batch' | 'channels' | 'layers' | 'image'> {
  readonly threads: number;
}

const NAMES: Readonly<Record<Engine, string>> = {
  fused: 'tailnas',
  composite: 'tailnas, plain operators',
  channels_last: 'PyTorch, channels-last',
  nchw: 'PyTorch, NCHW',
};
const ENGINES: readonly Engine[] = ['fused', 'composite', 'channels_last', 'nchw'];

/** How training images may be changed, from nothing to the dearest. */
const PIPELINES = [
  'none',
  'crop(4) + flip',
  'crop(4) + flip + cutout(16)',
  'crop(4) + flip + mixup(1)',
  'crop(4) + flip + trivial',
  'crop(4) + flip + trivial + cutmix(1, 0.5)',
  'crop(4) + flip + trivial + cutout(16) + cmo(1, 1)',
];

/** Each of its stages has a network of its own. */
const STAGED = 'p-darts';
const STAGES = [0, 1, 2];

/** DARTS first: the others are compared with it. */
const METHODS = [
  'darts',
  ...methods.map(({ name }) => name).filter((name) => name !== STAGED),
  ...['random-ws', 'enas'],
];
/** Those that bench/pytorch/work.py has. */
const PYTORCH_METHODS = ['darts', 'gdas', 'pc-darts', 'darts-minus'];

/** Memory of PyTorch for an image pair of an HLS step at 16 channels, 8 cells (12.2 GB for 32). */
const PAIR_BYTES = 0.38e9;

/** Largest batch, halving from `most`, at which PyTorch's HLS step fits into the memory that is free. */
const fittingBatch = (most: number): number =>
  most > 1 && most * PAIR_BYTES > 0.8 * freemem() ? fittingBatch(Math.floor(most / 2)) : most;

/**
 * Floating-point operations of one cell, forward and back: two a multiply-add, and the way back costs twice the way there.
 * Per pixel and edge: depthwise of 3×3 and 5×5 twice (sep_conv) and once (dil_conv), six pointwise convolutions.
 */
const cellFlop = (w: Work): number => {
  const { batch, channels, nodes, image } = w;
  const reduces = w.kind === 'reduction';
  const pixels = (reduces ? Math.ceil(image / 2) : image) ** 2;
  const edge = (2 + 1) * (9 + 25) * channels + 6 * channels ** 2;
  const skips = reduces ? 2 * nodes * channels ** 2 : 0; // the factorized reductions of the edges that leave an input
  const preprocess = 2 * cellInputs(w) * channels * image ** 2;
  return 2 * 3 * batch * (preprocess + pixels * (edgeCount(nodes) * edge + skips));
};

/** Thread counts worth trying here: powers of two, and all. */
const threadCounts = (cores = availableParallelism()): number[] => [
  ...new Set([...[1, 2, 4, 8, 16, 32, 64].filter((n) => n <= cores), cores]),
];

/** Everything that `npm run bench` can measure. */
export const tables = ({ threads, ...sizes }: Sizes): Readonly<Record<string, Table>> => {
  const row = (group: string, engine: Engine, more: Partial<Row>): Row => ({
    group,
    engine,
    name: NAMES[engine],
    threads,
    amount: 1,
    ...more,
    work: { ...sizes, ...more.work },
  });
  const all = (group: string, more: Partial<Row>): Row[] => ENGINES.map((engine) => row(group, engine, more));
  const versus = [column.step, column.range, column.ratio('× tailnas'), column.memory];
  const hls = (group: string, engine: Engine, batch: number): Row =>
    row(group, engine, { name: `${NAMES[engine]}, 2 × ${batch}`, work: { method: 'hls', batch }, amount: 2 * batch });
  const hlsBatch = 2 * sizes.batch;
  const cells: Pick<Work, 'kind' | 'image' | 'channels'>[] = [
    { kind: 'normal', image: sizes.image, channels: sizes.channels },
    { kind: 'normal', image: sizes.image / 2, channels: 2 * sizes.channels },
    { kind: 'normal', image: sizes.image / 4, channels: 4 * sizes.channels },
    { kind: 'reduction', image: sizes.image, channels: 2 * sizes.channels },
  ];
  const scaled = (group: string, values: readonly Partial<Work>[], amount: (w: Work) => number): Row[] =>
    values.map((value) => {
      const w = { ...sizes, batch: Math.ceil(sizes.batch / 4), ...value };
      const n = amount(work.parse(w));
      return row(group, 'fused', { name: `${n} ${group}`, work: w, amount: n });
    });

  return {
    ops: {
      about: 'one call of an operator on tiny tensors, result released, one thread',
      minutes: 1,
      rows: work.shape.op.unwrap().options.flatMap((op) =>
        (['fused', 'nchw'] as const).map((engine) =>
          row(op, engine, {
            name: engine === 'fused' ? 'tailnas' : 'Python',
            threads: 1,
            work: { task: 'op', op },
            amount: CALLS,
          }),
        ),
      ),
      columns: [column.per('call'), column.ratio('× tailnas')],
    },
    step: {
      about: 'a whole search step of DARTS: alpha and weights, optimizers and clipping included',
      minutes: 6,
      rows: all(`batch ${sizes.batch}`, {}),
      columns: versus,
    },
    hls: {
      about: `a whole search step of HLS; PyTorch at the largest batch that fits`,
      minutes: 6,
      rows: [
        hls('HLS', 'fused', hlsBatch),
        ...(['fused', 'channels_last', 'nchw'] as const).map((engine) => hls('HLS', engine, fittingBatch(hlsBatch))),
      ],
      columns: [column.step, column.range, column.per('image'), column.ratio('× first, per image'), column.memory],
    },
    methods: {
      about: "a search step of every method beside one of DARTS, and RobustDARTS' eigenvalue",
      minutes: 10,
      rows: [
        ...METHODS.map((method) => row('tailnas', 'fused', { name: method, work: { method } })),
        // The first stage has 3 cells fewer than the supernet of DARTS.
        ...STAGES.map((phase) =>
          row('tailnas', 'fused', {
            name: `${STAGED}, stage ${phase + 1}`,
            work: { method: STAGED, phase, layers: Math.max(3, sizes.layers - 3) },
          }),
        ),
        row('tailnas', 'fused', { name: 'an eigenvalue', work: { task: 'eigenvalue' } }),
        ...PYTORCH_METHODS.map((method) => row('PyTorch', 'channels_last', { name: method, work: { method } })),
      ],
      columns: [column.step, column.range, column.ratio('× DARTS'), column.memory],
    },
    derived: {
      about: 'a training step of the derived network of DARTS_V2: affine batch norms, clipping, SGD',
      minutes: 2,
      rows: all(`batch ${sizes.batch}`, { work: { task: 'derived' } }),
      columns: versus,
    },
    resnet: {
      about: 'a training step of ResNet-32, clipping and SGD included',
      minutes: 2,
      rows: all(`batch ${sizes.batch}`, { work: { task: 'resnet' } }),
      columns: versus,
    },
    batch: {
      about: 'a batch of training images, drawn and changed, beside a training step of DARTS_V2',
      minutes: 1,
      rows: [
        row('batch', 'fused', { name: 'step', work: { task: 'derived' } }),
        ...PIPELINES.map((augment) => row('batch', 'fused', { name: augment, work: { task: 'batch', augment } })),
      ],
      columns: [column.step, column.range, column.shareOf('step')],
    },
    forward: {
      about: 'the supernet forward in training mode, without gradients',
      minutes: 3,
      rows: all(`batch ${sizes.batch}`, { work: { task: 'forward' } }),
      columns: versus,
    },
    cell: {
      about: 'one cell of the supernet, forward and back, and the matrix product of libtorch beside it',
      minutes: 3,
      rows: [
        row('product', 'fused', { name: 'sgemm', work: { task: 'sgemm' }, amount: 2 * SGEMM ** 3 }),
        ...cells.flatMap((c) =>
          all(`${c.kind} ${c.image}×${c.image}×${c.channels}`, {
            work: { task: 'cell', ...c },
            amount: cellFlop(work.parse({ ...sizes, ...c })),
          }),
        ),
      ],
      columns: [column.step, column.range, column.ratio('× tailnas'), column.speed, column.speedBeside('sgemm')],
    },
    scaling: {
      about: 'a search step of more images, more cells, more edges: its time lies on a line',
      minutes: 3,
      rows: [
        ...scaled(
          'images',
          [1, 2, 4].map((n) => ({ batch: Math.ceil((n * sizes.batch) / 4) })),
          (w) => w.batch,
        ),
        // 1, 2 and 4 normal cells at each of three resolutions, and two reductions.
        ...scaled('cells', [{ layers: 5 }, { layers: 8 }, { layers: 14 }], (w) => w.layers),
        ...scaled('edges', [{ nodes: 2 }, { nodes: 3 }, { nodes: 4 }], (w) => edgeCount(w.nodes)),
      ],
      columns: [column.step, column.range, column.per('unit'), column.linearity],
    },
    processes: {
      about: 'a search step of one process and of two that share its batch; efficiency is t1 / (n tn)',
      minutes: 4,
      rows: ['darts', 'hls'].flatMap((method) =>
        (
          [
            ['1 process of 1 thread', 1, 1],
            ['2 processes of 1 thread', 2, 1],
            ['1 process of 2 threads', 1, 2],
          ] as const
        ).map(([name, processes, n]) =>
          row(method, 'fused', { name, threads: n, processes, work: { method }, amount: 1 / (processes * n) }),
        ),
      ),
      columns: [column.step, column.range, column.efficiency, column.memory],
    },
    threads: {
      about: 'a search step with 1, 2 and more threads; efficiency is t1 / (n tn)',
      minutes: 2,
      rows: threadCounts().map((n) => row('threads', 'fused', { name: `${n}`, threads: n, amount: 1 / n })),
      columns: [column.step, column.range, column.efficiency],
    },
  };
};
