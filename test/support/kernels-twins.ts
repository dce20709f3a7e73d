import { isDeepStrictEqual } from 'node:util';
import {
  batchNorm,
  channelStats,
  channelsLast,
  expand,
  grad,
  type Stats,
  scope,
  type Tensor,
  tensor,
  threads,
  to,
} from '../../src/tensor/index.js';
import { type Case, EPSILON, numbers } from './kernels-cases.js';

// How a fused operation in float32 is compared with its twin: the same mathematics in ATen's operators in float64, of the same float32 numbers.

/** Errors by what they are of: `output` and statistics as maxima, gradients as L2 norms. */
export type Errors = Record<string, number>;

/** float32 numbers for a tensor, and whether its gradient is asked for. */
export interface Input {
  readonly values: Float32Array;
  readonly shape: readonly number[];
  readonly wanted?: boolean;
}
export type Inputs = Readonly<Record<string, Input>>;
export type Tensors = Readonly<Record<string, Tensor>>;

/** A tensor that must be there. */
export const of = (tensors: Tensors, name: string): Tensor => {
  const found = tensors[name];
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};

/** The tensors of the inputs; in float32, images are channels-last unless they are to lie in rows. */
export const tensorsOf = (inputs: Inputs, { rows, dtype }: { rows: boolean; dtype: 'float32' | 'float64' }): Tensors =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { values, shape, wanted }]) => {
      const made = tensor(dtype === 'float32' ? values : Float64Array.from(values), { shape });
      const image = shape.length === 4 && (name === 'x' || name.startsWith('raw'));
      const placed = image && dtype === 'float32' && !rows ? channelsLast(made) : made;
      return [name, wanted ? placed.requireGrad() : placed];
    }),
  );

const length = (v: readonly number[]): number => Math.sqrt(v.reduce((sum, a) => sum + a * a, 0));

/** Results may cancel: below this size, of inputs and weights near 1, a difference counts by itself. */
const SMALL = 0.1;
/** The largest difference, relative to the largest of theirs. Where both are NaN, they agree. */
export const worstOf = (ours: readonly number[], theirs: readonly number[]): number => {
  if (ours.length !== theirs.length) return Number.NaN;
  const size = theirs.reduce((most, v) => Math.max(most, Number.isFinite(v) ? Math.abs(v) : 0), SMALL);
  return theirs.reduce((most, v, i) => {
    const own = ours[i] ?? Number.NaN;
    return Object.is(own, v) || own === v ? most : Math.max(most, Math.abs(own - v) / size);
  }, 0);
};
/** The length of the difference, relative to the length of theirs, or to `floor` where that is more. */
export const l2 = (ours: readonly number[], theirs: readonly number[], floor = 0): number => {
  const error = ours.length === theirs.length ? length(theirs.map((v, i) => v - (ours[i] ?? 0))) : Number.NaN;
  return error === 0 ? 0 : error / Math.max(length(theirs), floor);
};

const gradientFor = (y: Tensor, { seed, gradient }: Case): Tensor => {
  const shape = y.shape;
  const n = shape.reduce((a, b) => a * b, 1);
  const g =
    gradient === 'expanded' ? expand(tensor([0.75]), shape) : tensor(numbers(seed + 99, n), { shape: [...shape] });
  if (y.dtype === 'float64') return to(g, { dtype: 'float64' });
  return gradient === 'channelsLast' ? channelsLast(g) : g;
};

/** An operation in both forms. */
export interface Twins {
  readonly fused: (t: Tensors) => Tensor;
  readonly plain: (t: Tensors) => Tensor;
  /** As `plain`, but with statistics that are constants. What it gives is as large as the terms that cancel in the gradient through the statistics. */
  readonly held?: (t: Tensors) => Tensor;
}

interface Run {
  readonly output: number[];
  readonly gradients: Readonly<Record<string, number[]>>;
  readonly incoming: number[];
}
const run = (inputs: Inputs, op: (t: Tensors) => Tensor, c: Case, dtype: 'float32' | 'float64'): Run =>
  scope(() => {
    const given = tensorsOf(inputs, { rows: c.rows, dtype });
    const y = op(given);
    const names = Object.keys(inputs).filter((name) => inputs[name]?.wanted);
    const g = gradientFor(y, c);
    const gradients =
      names.length === 0
        ? []
        : grad(
            y,
            names.map((name) => of(given, name)),
            { gradOutputs: [g] },
          );
    for (const [name, { values }] of Object.entries(inputs))
      if (!isDeepStrictEqual(of(given, name).toArray(), Array.from(values)))
        throw new Error(`${name} must not change, but it did`);
    return {
      output: y.toArray(),
      gradients: Object.fromEntries(names.map((name, i) => [name, gradients[i]?.toArray() ?? []])),
      incoming: g.toArray(),
    };
  });

/** Runs `body` with the case's number of threads. */
export const withThreads = <T>({ threads: n }: Case, body: () => T): T => {
  const before = threads.get();
  threads.set(n);
  try {
    return body();
  } finally {
    threads.set(before);
  }
};

/** Output and every wanted gradient of the two. */
export const compareTwins = (inputs: Inputs, { fused, plain, held }: Twins, c: Case): Errors => {
  const ours = withThreads(c, () => run(inputs, fused, c, 'float32'));
  const again = withThreads(c, () => run(inputs, fused, c, 'float32'));
  if (!isDeepStrictEqual(ours, again))
    throw new Error('the same numbers must give the same bits, a second time they did not');
  const theirs = run(inputs, plain, c, 'float64');
  const constant = held === undefined ? undefined : run(inputs, held, c, 'float64');
  const errors: Errors = { output: worstOf(ours.output, theirs.output) };
  for (const [name, gradient] of Object.entries(theirs.gradients)) {
    const summands = length(theirs.incoming) * Math.sqrt(theirs.incoming.length);
    // What is summed may cancel, of two pixels always: then only the rounding of the summands is left.
    const floor = constant === undefined ? 0 : 0.1 * length(constant.gradients[name] ?? []);
    errors[name] = l2(ours.gradients[name] ?? [], gradient, name === 'weights' ? 0.01 * summands : floor);
  }
  return errors;
};

/** [batch, channels, h, w] */
export const imageShape = ({ images, channels, height, width }: Case): number[] => [images, channels, height, width];
/** How many numbers a shape holds. */
export const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
/** A float64 vector. */
export const row = (values: ArrayLike<number>): Tensor => tensor(Float64Array.from(values));

interface PlainNorm {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
}
/** Batch norm in float64: by the batch's own statistics or by given ones. */
export const normed = (
  x: Tensor,
  stats: { mean: number[]; variance: number[] } | undefined,
  affine: PlainNorm = {},
): Tensor =>
  batchNorm(x, {
    ...affine,
    runningMean: row(stats?.mean ?? new Float64Array(x.shape[1] ?? 0)),
    runningVar: row(stats?.variance ?? new Float64Array(x.shape[1] ?? 0).fill(1)),
    training: stats === undefined,
    eps: EPSILON,
  });

/** Running statistics, and what the fused operations take for them: 1 / √(variance + ε) in float32. */
export const runningStats = (seed: number, channels: number) => {
  const mean = numbers(seed, channels, { from: -0.5, to: 0.5 });
  const variance = numbers(seed + 1, channels, { from: 0.5, to: 2 });
  const invstd = variance.map((v) => 1 / Math.sqrt(v + EPSILON));
  return { mean, variance, fused: () => ({ mean: tensor(mean), invstd: tensor(invstd), gamma: null, beta: null }) };
};

/** What a fused reader takes for the batch's own statistics. */
export const batchStats = (x: Tensor): Omit<Stats, 'ofBatch'> => {
  const [, channels = 0] = x.shape;
  const buffers = { runningMean: tensor(new Float32Array(channels)), runningVar: tensor(new Float32Array(channels)) };
  return { ...channelStats(x, { ...buffers, eps: EPSILON }), gamma: null, beta: null };
};

const kindOf = (v: number): string => (Number.isFinite(v) ? 'finite' : String(v));

/** Values that are not finite must come out where they do in ATen, of the same sign, and nothing else may change. */
const sameKinds = (ours: readonly number[], theirs: readonly number[], what: string): Errors => {
  const wrong = theirs.findIndex((v, i) => kindOf(v) !== kindOf(ours[i] ?? Number.NaN));
  if (wrong >= 0) throw new Error(`${what}[${wrong}] must be ${theirs[wrong]} as in ATen, got ${ours[wrong]}`);
  return { [what]: worstOf(ours, theirs) };
};
/** Inputs and what is done with them. */
export interface Tried {
  readonly inputs: Inputs;
  readonly twins: Twins;
}
/** As `compareTwins`, of an x that is not all finite. */
export const compareKinds = ({ inputs, twins }: Tried, c: Case): Errors => {
  const ours = withThreads(c, () => run(inputs, twins.fused, c, 'float32'));
  const theirs = run(inputs, twins.plain, c, 'float64');
  return Object.entries(theirs.gradients)
    .filter(([name]) => name === 'x' || name.startsWith('raw'))
    .reduce(
      (errors, [name, g]) => Object.assign(errors, sameKinds(ours.gradients[name] ?? [], g, `d ${name}`)),
      sameKinds(ours.output, theirs.output, 'output'),
    );
};
