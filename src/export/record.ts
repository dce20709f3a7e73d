import { type Arg, type Data, type Dtype, noGrad, scope, Tensor, trace } from '../tensor/index.js';

/** A tensor of a pass: what the images decide, or a constant with its elements. */
export interface Traced {
  /** Its number, unique among the tensors of a pass. */
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** Of a tensor that does not depend on the images. */
  readonly data?: Data;
}

/** An argument of a call, with tensors as they were recorded. */
export type TracedArg = Traced | readonly (Traced | null)[] | Exclude<Arg, Tensor | readonly (Tensor | null)[]>;

/** An operator that was called on what depends on the images. */
export interface RecordedCall {
  readonly name: string;
  readonly args: readonly TracedArg[];
  readonly results: readonly Traced[];
}

/** A pass over images, operator by operator. */
export interface Recording {
  readonly input: Traced;
  readonly calls: readonly RecordedCall[];
  readonly output: Traced;
}

export const isTraced = (arg: TracedArg): arg is Traced =>
  typeof arg === 'object' && arg !== null && !Array.isArray(arg) && 'id' in arg;

/** Whether an operator changes its first argument: libtorch's names of these end in an underscore. */
export const isInPlace = (name: string): boolean => /_(\.\w+)?$/.test(name);

/**
 * Records the operators that lead from images to what `body` returns. What does not depend on the images is not
 * recorded but kept as a constant: a classifier's weights brought to unit length, for example.
 */
export const record = (images: Tensor, body: () => Tensor): Recording => {
  const known = new Map<number, Traced>();
  const calls: RecordedCall[] = [];
  const note = (tensor: Tensor, isConstant: boolean): Traced => {
    const { handle: id, shape, dtype } = tensor;
    const traced: Traced = { id, shape, dtype, ...(isConstant ? { data: tensor.data() } : {}) };
    known.set(id, traced);
    return traced;
  };
  /** As it was recorded; what no recorded operator made is a weight. */
  const seen = (tensor: Tensor): Traced => known.get(tensor.handle) ?? note(tensor, true);
  const argOf = (arg: Arg): TracedArg => {
    if (arg instanceof Tensor) return seen(arg);
    if (!Array.isArray(arg)) return scalarOf(arg);
    return arg.some((item) => item instanceof Tensor)
      ? arg.map((item) => (item instanceof Tensor ? seen(item) : null))
      : numbersOf(arg);
  };
  const input = note(images, false);
  const depends = (arg: TracedArg): boolean =>
    isTraced(arg)
      ? arg.data === undefined
      : Array.isArray(arg) && arg.some((item) => typeof item === 'object' && item !== null && item.data === undefined);
  return scope(() =>
    noGrad(() => {
      const output = trace(body, ({ name, args, results }) => {
        const recorded = args.map(argOf);
        const dependent = recorded.some(depends);
        const noted = results.map((result) => note(result, !dependent));
        // The changed tensor and the result are one: who uses either later means the same.
        const [changed] = args;
        const [result] = noted;
        if (isInPlace(name) && changed instanceof Tensor && result !== undefined) known.set(changed.handle, result);
        if (dependent) calls.push({ name, args: recorded, results: noted });
      });
      return { input, calls, output: seen(output) };
    }),
  );
};

const scalarOf = (arg: Arg): Exclude<TracedArg, Traced> => {
  if (arg === null || arg === undefined || typeof arg !== 'object') return arg;
  throw new TypeError('Cannot record call: an argument is neither a tensor, a number nor a list of them');
};
const numbersOf = (list: readonly unknown[]): readonly number[] | readonly boolean[] =>
  list.every((item) => typeof item === 'boolean')
    ? list
    : list.map((item) => {
        if (typeof item === 'number') return item;
        throw new TypeError('Cannot record call: a list must be of tensors or numbers');
      });
