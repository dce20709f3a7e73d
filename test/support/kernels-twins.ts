import { isDeepStrictEqual } from 'node:util';
import {
  channelsLast,
  expand,
  grad,
  scope,
  type Tensor,
  tensor,
  threads,
  to,
  zerosLike,
} from '../../src/tensor/index.js';
import { type Case, count, numbers } from './kernels-cases.js';

// How fused operations in float32 are compared with their twins: the same mathematics in ATen's operators in float64,
// of the same float32 numbers.

/** Errors by what they are of: results and statistics as maxima, gradients as L2 norms. */
export type Errors = Record<string, number>;

/** float32 numbers for a tensor, and whether its gradient is asked for. */
export interface Input {
  readonly values: Float32Array;
  readonly shape: readonly number[];
  readonly wanted: boolean;
}
export type Inputs = Readonly<Record<string, Input>>;
export type Tensors = Readonly<Record<string, Tensor>>;
export type Precision = 'float32' | 'float64';

/**
 * What is done with the inputs: results, whose gradients are taken, and what comes to be beside them: `….moments`,
 * `….runningMean`, `….runningVar`.
 */
export type Program = (t: Tensors, dtype: Precision) => { results: Tensors; facts: Tensors };

/** A tensor that must be there. */
export const of = (tensors: Tensors, name: string): Tensor => {
  const found = tensors[name];
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
};

/** A tensor of numbers, in rows. */
export const tensorOf = ({ values, shape }: Omit<Input, 'wanted'>, dtype: Precision): Tensor =>
  tensor(dtype === 'float32' ? values.slice() : Float64Array.from(values), { shape });

const isImage = (name: string): boolean => /^x\d+$|\.raw$/.test(name);
const tensorsOf = (inputs: Inputs, { rows }: Case, dtype: Precision): Tensors =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => {
      const made = tensorOf(input, dtype);
      const placed = isImage(name) && dtype === 'float32' && !rows ? channelsLast(made) : made;
      return [name, input.wanted ? placed.requireGrad() : placed];
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

const gradientFor = (y: Tensor, seed: number, { gradient }: Case): Tensor => {
  const shape = y.shape;
  const g =
    gradient === 'expanded'
      ? expand(tensor([0.75]), shape)
      : tensor(numbers(seed, count(shape)), { shape: [...shape] });
  if (y.dtype === 'float64') return to(g, { dtype: 'float64' });
  return gradient === 'channelsLast' ? channelsLast(g) : g;
};

type Arrays = Readonly<Record<string, number[]>>;
interface Run {
  readonly results: Arrays;
  readonly facts: Arrays;
  readonly gradients: Arrays;
  readonly incoming: number[];
}
const arrays = (tensors: Tensors): Arrays =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.toArray()]));

const run = (inputs: Inputs, program: Program, c: Case, dtype: Precision): Run =>
  scope(() => {
    const given = tensorsOf(inputs, c, dtype);
    const { results, facts } = program(given, dtype);
    // A fused reading needs a gradient as soon as another reader has a weight that does: more results may have one here
    // than there.
    const cotangents = Object.values(results).map((y, i) => gradientFor(y, c.seed + 99 + i, c));
    const outputs = Object.values(results).filter((y) => y.requiresGrad);
    const gradOutputs = cotangents.filter((_, i) => Object.values(results)[i]?.requiresGrad);
    const names = Object.keys(inputs).filter((name) => inputs[name]?.wanted);
    const found =
      outputs.length === 0
        ? names.map((name) => zerosLike(of(given, name)))
        : grad(
            outputs,
            names.map((name) => of(given, name)),
            { gradOutputs, unused: 'zeros' },
          );
    for (const [name, { values }] of Object.entries(inputs))
      if (!isDeepStrictEqual(of(given, name).toArray(), Array.from(values)))
        throw new Error(`${name} must not change, but it did`);
    return {
      results: arrays(results),
      facts: arrays(facts),
      gradients: Object.fromEntries(found.map((g, i) => [names[i], g.toArray()])),
      incoming: cotangents.flatMap((g) => g.toArray()),
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

/** [mean, variance, invstd] */
const rowsOf = (moments: readonly number[]): [number[], number[], number[]] => {
  const n = moments.length / 3;
  return [moments.slice(0, n), moments.slice(n, 2 * n), moments.slice(2 * n)];
};

/**
 * How many times larger than that of a raw tensor the relative error of its normalised value may be: where all values
 * of a channel nearly agree, what is left after the mean is mostly rounding.
 */
const condition = ([mean, variance, invstd]: readonly [number[], number[], number[]]): number =>
  mean.reduce((most, m, i) => Math.max(most, Math.sqrt(m * m + (variance[i] ?? 0)) * (invstd[i] ?? 0) || 0), 1);

/** Twins, and a third whose gradients are as large as the terms that cancel in theirs. */
export interface Twins {
  readonly fused: Program;
  readonly plain: Program;
  readonly held: Program;
}

const kindOf = (name: string): string => (name.split('.').at(-1) ?? name).replace(/\d+$/, '');

/** Results, moments, running statistics and every wanted gradient of the two. */
export const compareTwins = (inputs: Inputs, { fused, plain, held }: Twins, c: Case): Errors => {
  const ours = withThreads(c, () => run(inputs, fused, c, 'float32'));
  const again = withThreads(c, () => run(inputs, fused, c, 'float32'));
  if (!isDeepStrictEqual(ours, again))
    throw new Error('the same numbers must give the same bits, a second time they did not');
  const theirs = run(inputs, plain, c, 'float64');
  const constant = run(inputs, held, c, 'float64');
  const errors: Errors = {};
  const note = (what: string, error: number): void => {
    errors[what] = Math.max(errors[what] ?? 0, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  };
  const same = (a: Arrays, b: Arrays, what: string): void => {
    if (!isDeepStrictEqual(Object.keys(a), Object.keys(b))) throw new Error(`there must be the same ${what}`);
  };
  same(ours.results, theirs.results, 'results');
  same(ours.gradients, theirs.gradients, 'gradients');
  let worst = 1;
  for (const [name, fact] of Object.entries(theirs.facts)) {
    const own = ours.facts[name] ?? [];
    // Without a norm, moments are zeros.
    if (!name.endsWith('.moments') || fact.every((v) => v === 0)) {
      note(kindOf(name), worstOf(own, fact) / worst);
      continue;
    }
    const [a, b] = [rowsOf(own), rowsOf(fact)];
    worst = Math.max(worst, condition(b));
    note('mean', worstOf(a[0], b[0]));
    note('variance', worstOf(a[1], b[1]));
    note('invstd', Math.max(...b[2].map((v, i) => Math.abs((a[2][i] ?? Number.NaN) / v - 1))) / condition(b));
  }
  for (const [name, result] of Object.entries(theirs.results))
    note('result', worstOf(ours.results[name] ?? [], result) / worst);
  for (const [name, gradient] of Object.entries(theirs.gradients)) {
    const { incoming } = theirs;
    // What is summed may cancel, of two pixels always: then only the rounding of the summands is left, or of a single
    // pixel nothing.
    const floor = Math.max(0.1 * length(constant.gradients[name] ?? []), 1e-3 * length(incoming));
    // Σ g·x̂ cancels wholly where g is one number for all.
    const dots = 0.01 * length(incoming) * Math.sqrt(incoming.length / gradient.length);
    const kind = kindOf(name);
    const least = kind === 'weights' || kind === 'gamma' ? dots : floor;
    note(kind, l2(ours.gradients[name] ?? [], gradient, least) / worst);
  }
  return errors;
};

const finiteness = (v: number): string => (Number.isFinite(v) ? 'finite' : String(v));

/**
 * As `compareTwins`, of an x that is not all finite: what is not must come out where it does in ATen, of the same sign,
 * and nothing else may change.
 */
export const compareKinds = (inputs: Inputs, { fused, plain }: Omit<Twins, 'held'>, c: Case): Errors => {
  const ours = withThreads(c, () => run(inputs, fused, c, 'float32'));
  const theirs = run(inputs, plain, c, 'float64');
  const errors: Errors = {};
  const compare = (a: Arrays, b: Arrays, what: string): void => {
    for (const [name, values] of Object.entries(b)) {
      const own = a[name] ?? [];
      const wrong = values.findIndex((v, i) => finiteness(v) !== finiteness(own[i] ?? Number.NaN));
      if (wrong >= 0)
        throw new Error(`${what} ${name}[${wrong}] must be ${values[wrong]} as in ATen, got ${own[wrong]}`);
      errors[what] = Math.max(errors[what] ?? 0, worstOf(own, values));
    }
  };
  const images = (gradients: Arrays): Arrays =>
    Object.fromEntries(Object.entries(gradients).filter(([name]) => isImage(name)));
  compare(ours.results, theirs.results, 'a result');
  compare(images(ours.gradients), images(theirs.gradients), 'a gradient');
  return errors;
};
