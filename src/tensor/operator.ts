import { dtypeCode, dtypes } from './dtype.js';
import { native } from './native.js';
import { Tensor } from './tensor.js';
import { recordCall } from './trace.js';

/**
 * What an operator takes: tensors, numbers, lists of either, names of element types; `null` for "none", `undefined` for
 * the schema's default.
 */
export type Arg =
  | Tensor
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly (Tensor | null)[]
  | readonly number[]
  | readonly boolean[];

interface Resolved {
  readonly name: string;
  readonly id: number;
  readonly kinds: string;
  readonly returns: string;
  readonly names: readonly string[];
  readonly schema: string;
}

/** Every operator that is named here, with the parameters that are counted on: a test compares libtorch's schemas. */
export const declared = new Map<string, readonly string[]>();

const resolved = new Map<string, Resolved>();

const resolve = (name: string): Resolved => {
  let found = resolved.get(name);
  if (found === undefined) {
    const [id, kinds, , returns, names, schema] = native().resolve(name);
    found = { name, id: Number(id), kinds, returns, names: names === '' ? [] : names.split(','), schema };
    resolved.set(name, found);
  }
  return found;
};

/**
 * The schema of an operator as libtorch writes it: `aten::mm(Tensor self, Tensor mat2) -> Tensor`. Throws when there is
 * none of that name.
 */
export const schemaOf = (name: string): { names: readonly string[]; kinds: string; returns: string; schema: string } =>
  resolve(name);

const wrong = (op: Resolved, index: number, rule: string, value: unknown): TypeError => {
  const got = value instanceof Tensor ? 'a Tensor' : Array.isArray(value) ? 'an array' : typeof value;
  return new TypeError(`${op.name}: argument '${op.names[index] ?? index}' must be ${rule}, got ${got}`);
};

// A handle is a number, and so is a number: only here can the two still be distinguished.
const encode = (op: Resolved, arg: Arg, i: number): unknown => {
  const kind = op.kinds[i];
  if (arg instanceof Tensor) {
    if (kind === 'T') return arg.handle;
    throw wrong(op, i, kind === 'L' ? 'an array of Tensors' : 'no Tensor', arg);
  }
  if (kind === 'T') {
    if (arg === null || arg === undefined) return arg;
    throw wrong(op, i, 'a Tensor', arg);
  }
  if (kind === 'L') {
    if (!Array.isArray(arg)) throw wrong(op, i, 'an array of Tensors', arg);
    return arg.map((t) => {
      if (t instanceof Tensor) return t.handle;
      if (t === null) return 0;
      throw wrong(op, i, 'an array of Tensors', t);
    });
  }
  if (kind !== 'd' || typeof arg !== 'string') return arg;
  const dtype = dtypes.find((known) => known === arg);
  if (dtype === undefined) throw wrong(op, i, `one of ${dtypes.join(', ')}`, arg);
  return dtypeCode(dtype);
};

const decode = (value: unknown, kind: string | undefined): unknown => {
  if (kind === 'T') return new Tensor(value as number);
  if (kind === 'L') return (value as number[]).map((handle) => new Tensor(handle));
  return value;
};

/** Calls the engine: every operator of this library comes through here. */
const invoke = (op: Resolved, args: readonly Arg[]): unknown => {
  const value = result(op, args);
  recordCall(op.name, args, value);
  return value;
};

const result = (op: Resolved, args: readonly Arg[]): unknown => {
  const engine = native();
  const [a, b] = args;
  // One and two arguments, most of all calls, go without arrays in between: a tenth of what a tiny operation costs.
  const value =
    args.length === 1
      ? engine.call(op.id, encode(op, a, 0))
      : args.length === 2
        ? engine.call(op.id, encode(op, a, 0), encode(op, b, 1))
        : engine.call(op.id, ...args.map((arg, i) => encode(op, arg, i)));
  if (op.returns.length === 1) return decode(value, op.returns);
  if (op.returns.length === 0) return undefined;
  return (value as unknown[]).map((item, i) => decode(item, op.returns[i]));
};

/**
 * Calls any operator of libtorch by its name (`aten::mm`, `aten::sum.dim_IntList`), its arguments in the order of its
 * schema; what is left out takes the schema's default. Operators with a wrapper in this library are safe with any
 * arguments. Some of libtorch's rarer operators do not check theirs (indices out of range, strides beyond the memory)
 * and can end the process, here as in Python. Returns a Tensor, an array, a number, or nothing, as the schema says.
 * Errors name the operator and the argument.
 */
export const call = (name: string, ...args: Arg[]): unknown => invoke(resolve(name), args);

const declare =
  <T>(expected: RegExp, what: string) =>
  (name: string, ...parameters: string[]) => {
    declared.set(name, parameters);
    // Kept here, so that a call looks nothing up.
    let op: Resolved | undefined;
    const first = (): Resolved => {
      const found = resolve(name);
      if (!expected.test(found.returns)) throw new TypeError(`${name} does not return ${what}: ${found.schema}`);
      op = found;
      return found;
    };
    return (...args: Arg[]): T => invoke(op ?? first(), args) as T;
  };

/** Names an operator that returns one tensor, and its leading parameters. Resolved at its first call. */
export const tensorOp = declare<Tensor>(/^T$/, 'one tensor');
/** As `tensorOp`, for an operator that returns several tensors, or a list of them. */
export const tensorsOp = declare<Tensor[]>(/^(TT+|L)$/, 'several tensors');
/** As `tensorOp`, for an operator that returns nothing and changes its arguments. */
export const voidOp = declare<void>(/^$/, 'nothing');
