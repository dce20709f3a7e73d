import type { GraphBuilder } from './graph.js';
import { isTraced, type Traced, type TracedArg } from './record.js';

/** In a list of sizes: the number of images. */
export const BATCH = Symbol('batch');

/** An argument of a call, in which sizes that follow the number of images are marked. */
export type CallArg = TracedArg | readonly (number | typeof BATCH)[];

/** A call that is to be written. */
export interface Call {
  readonly name: string;
  readonly args: readonly CallArg[];
  readonly result: Traced;
  readonly graph: GraphBuilder;
}

/** Writes a call as ONNX operators; returns the name of its result. */
type Write = (call: Call) => string;

/** Ends of slices that reach to the end, whatever the size. */
const TO_END = Number.MAX_SAFE_INTEGER;

const fail = ({ name }: Call, rule: string): never => {
  throw new RangeError(`Cannot export to ONNX: ${name} ${rule}`);
};
const tensorAt = (call: Call, i: number): Traced => {
  const arg = call.args[i];
  return arg !== undefined && !isBatchList(arg) && isTraced(arg) ? arg : fail(call, `must have a tensor at place ${i}`);
};
const isBatchList = (arg: CallArg): arg is readonly (number | typeof BATCH)[] =>
  Array.isArray(arg) && arg.some((item) => item === BATCH);
/** The name of the tensor at a place. */
const at = (call: Call, i: number): string => call.graph.value(tensorAt(call, i));
const optional = (call: Call, i: number): string | undefined =>
  call.args[i] === null || call.args[i] === undefined ? undefined : at(call, i);
const numberAt = (call: Call, i: number, fallback?: number): number => {
  const arg = call.args[i] ?? fallback;
  return typeof arg === 'number' ? arg : fail(call, `must have a number at place ${i}`);
};
const numbersAt = (call: Call, i: number, fallback?: readonly number[]): readonly number[] => {
  const arg = call.args[i] ?? fallback;
  if (!Array.isArray(arg)) return fail(call, `must have a list of numbers at place ${i}`);
  return arg.map((item) =>
    typeof item === 'number' ? item : fail(call, `must have numbers at place ${i} that no batch size changes`),
  );
};
const flagAt = (call: Call, i: number, fallback: boolean): boolean => (call.args[i] ?? fallback) === true;
/** Sizes of a result: −1 for that of the batch. */
const sizesAt = (call: Call, i: number): readonly number[] => {
  const arg = call.args[i];
  if (!Array.isArray(arg)) return fail(call, `must have sizes at place ${i}`);
  return arg.map((item) => (item === BATCH ? -1 : typeof item === 'number' ? item : fail(call, 'must have sizes')));
};

const same =
  (op: string): Write =>
  (call) =>
    call.graph.node(op, [at(call, 0)]);
/** The result is its input. */
const alias: Write = (call) => at(call, 0);

/** The name of the second operand in arithmetic: a tensor, or a number. */
const operand = (call: Call): string => {
  const arg = call.args[1];
  return typeof arg === 'number' ? call.graph.floats([arg], []) : at(call, 1);
};
const arithmetic =
  (op: string): Write =>
  (call) =>
    call.graph.node(op, [at(call, 0), operand(call)]);
/** x · y; a factor of 0, as of a head that has no say in the mixing, is remembered: what led there need not be run. */
const product: Write = (call) => {
  const factor = call.args[1];
  if (factor === 1) return at(call, 0);
  const name = arithmetic('Mul')(call);
  if (factor === 0) call.graph.zeros.add(name);
  return name;
};
/** x ± alpha · y */
const sum =
  (op: 'Add' | 'Sub'): Write =>
  (call) => {
    const { graph, result, args } = call;
    const alpha = numberAt(call, 2, 1);
    const [x, y] = [at(call, 0), operand(call)];
    const whole = (i: number): boolean => {
      const arg = args[i];
      return typeof arg === 'object' && tensorAt(call, i).shape.join() === result.shape.join();
    };
    if (graph.zeros.has(y) && whole(0)) return x;
    if (graph.zeros.has(x) && op === 'Add' && alpha === 1 && whole(1)) return y;
    return graph.node(op, [x, alpha === 1 ? y : graph.node('Mul', [y, graph.floats([alpha], [])])]);
  };

const pads = ([top = 0, left = top]: readonly number[]): readonly number[] => [top, left, top, left];

const convolution: Write = (call) => {
  const { shape } = tensorAt(call, 1);
  const attributes = {
    kernel_shape: shape.slice(2),
    strides: numbersAt(call, 3, [1, 1]),
    pads: pads(numbersAt(call, 4, [0, 0])),
    dilations: numbersAt(call, 5, [1, 1]),
    group: numberAt(call, 6, 1),
  };
  const bias = optional(call, 2);
  return call.graph.node('Conv', [at(call, 0), at(call, 1), ...(bias === undefined ? [] : [bias])], attributes);
};

const normalisation: Write = (call) => {
  if (flagAt(call, 5, true)) return fail(call, 'must not use the statistics of the batch');
  const { graph } = call;
  const { shape } = tensorAt(call, 3);
  const all = (value: number) => graph.floats(new Float32Array(shape[0] ?? 0).fill(value), shape, `filled_${value}`);
  const inputs = [at(call, 0), optional(call, 1) ?? all(1), optional(call, 2) ?? all(0), at(call, 3), at(call, 4)];
  return graph.node('BatchNormalization', inputs, { epsilon: { float: Math.fround(numberAt(call, 7)) } });
};

const pooling = (call: Call, op: string, more: Readonly<Record<string, number | readonly number[]>>): string =>
  call.graph.node(op, [at(call, 0)], {
    kernel_shape: numbersAt(call, 1),
    strides: numbersAt(call, 2),
    pads: pads(numbersAt(call, 3, [0, 0])),
    ceil_mode: 0,
    ...more,
  });

const linear: Write = (call) => {
  const bias = optional(call, 2);
  const inputs = [at(call, 0), at(call, 1), ...(bias === undefined ? [] : [bias])];
  if (tensorAt(call, 0).shape.length !== 2) return fail(call, 'must have features of shape [batch, channels]');
  return call.graph.node('Gemm', inputs, { transB: 1 });
};

/** Dimensions from the first: −1 is the last. */
const axesOf = (call: Call, axes: readonly number[]): readonly number[] => {
  const rank = tensorAt(call, 0).shape.length;
  return axes.map((axis) => (axis < 0 ? axis + rank : axis));
};
const allAxes = (call: Call): readonly number[] => [...tensorAt(call, 0).shape.keys()];

const mean: Write = (call) => {
  const { graph } = call;
  const axes = axesOf(call, numbersAt(call, 1, allAxes(call)));
  const keepdims = flagAt(call, 2, false);
  if (tensorAt(call, 0).shape.length === 4 && axes.toSorted().join() === '2,3') {
    const pooled = graph.node('GlobalAveragePool', [at(call, 0)]);
    return keepdims ? pooled : graph.node('Flatten', [pooled], { axis: 1 });
  }
  return graph.node('ReduceMean', [at(call, 0)], { axes, keepdims: keepdims ? 1 : 0 });
};

const length: Write = (call) => {
  if (numberAt(call, 1, 2) !== 2) return fail(call, 'must be of order 2');
  const axes = axesOf(call, numbersAt(call, 2, allAxes(call)));
  return call.graph.node('ReduceL2', [at(call, 0)], { axes, keepdims: flagAt(call, 3, false) ? 1 : 0 });
};

const slice = (call: Call, axis: number, [from, to, step]: readonly [number, number, number]): string => {
  const { graph } = call;
  const [dim = 0] = axesOf(call, [axis]);
  if (dim === 0) return fail(call, 'must not choose among the images of a batch');
  return graph.node('Slice', [at(call, 0), ...[from, to, dim, step].map((n) => graph.ints([n]))]);
};

const padding: Write = (call) => {
  const { graph } = call;
  const sides = numbersAt(call, 1);
  const rank = tensorAt(call, 0).shape.length;
  // libtorch lists pairs from the last dimension, ONNX all beginnings and then all ends.
  const side = (axis: number, end: 0 | 1): number => sides[2 * (rank - 1 - axis) + end] ?? 0;
  const axes = [...Array(rank).keys()];
  const list = graph.ints([...axes.map((axis) => side(axis, 0)), ...axes.map((axis) => side(axis, 1))]);
  return graph.node('Pad', [at(call, 0), list, graph.floats([numberAt(call, 2, 0)], [])]);
};

const joined: Write = (call) => {
  const parts = call.args[0];
  if (!Array.isArray(parts)) return fail(call, 'must have a list of tensors');
  const names = parts.map((part) =>
    typeof part === 'object' && part !== null ? call.graph.value(part) : fail(call, 'must have a list of tensors'),
  );
  const rank = call.result.shape.length;
  const axis = numberAt(call, 1, 0);
  return call.graph.node('Concat', names, { axis: axis < 0 ? axis + rank : axis });
};

const softmax =
  (op: string): Write =>
  (call) =>
    call.graph.node(op, [at(call, 0)], { axis: numberAt(call, 1) });

const converted: Write = (call) =>
  call.result.dtype === tensorAt(call, 0).dtype ? at(call, 0) : fail(call, 'must not change the element type');

/** Every operator of libtorch that can be written, and how. */
export const operators: Readonly<Record<string, Write>> = {
  'aten::conv2d': convolution,
  'aten::batch_norm': normalisation,
  'aten::linear': linear,
  'aten::matmul': arithmetic('MatMul'),
  'aten::max_pool2d': (call) => pooling(call, 'MaxPool', { dilations: numbersAt(call, 4, [1, 1]) }),
  'aten::avg_pool2d': (call) => pooling(call, 'AveragePool', { count_include_pad: flagAt(call, 5, true) ? 1 : 0 }),
  'aten::mean.dim': mean,
  'aten::linalg_vector_norm': length,
  'aten::add.Tensor': sum('Add'),
  'aten::add.Scalar': sum('Add'),
  'aten::add_.Tensor': sum('Add'),
  'aten::sub.Tensor': sum('Sub'),
  'aten::sub.Scalar': sum('Sub'),
  'aten::mul.Tensor': product,
  'aten::mul.Scalar': product,
  'aten::mul_.Scalar': product,
  'aten::div.Tensor': arithmetic('Div'),
  'aten::div.Scalar': arithmetic('Div'),
  'aten::eq.Tensor': arithmetic('Equal'),
  'aten::eq.Scalar': arithmetic('Equal'),
  'aten::masked_fill.Scalar': (call) =>
    call.graph.node('Where', [at(call, 1), call.graph.floats([numberAt(call, 2)], []), at(call, 0)]),
  'aten::relu': same('Relu'),
  'aten::neg': same('Neg'),
  'aten::exp': same('Exp'),
  'aten::log': same('Log'),
  'aten::sqrt': same('Sqrt'),
  'aten::abs': same('Abs'),
  'aten::sigmoid': same('Sigmoid'),
  'aten::rsqrt': (call) => call.graph.node('Reciprocal', [call.graph.node('Sqrt', [at(call, 0)])]),
  'aten::square': (call) => call.graph.node('Mul', [at(call, 0), at(call, 0)]),
  'aten::softmax.int': softmax('Softmax'),
  'aten::log_softmax.int': softmax('LogSoftmax'),
  'aten::cat': joined,
  'aten::narrow': (call) => {
    const start = numberAt(call, 2);
    return slice(call, numberAt(call, 1), [start, start + numberAt(call, 3), 1]);
  },
  'aten::slice.Tensor': (call) =>
    slice(call, numberAt(call, 1, 0), [numberAt(call, 2, 0), numberAt(call, 3, TO_END), numberAt(call, 4, 1)]),
  'aten::constant_pad_nd': padding,
  'aten::reshape': (call) => call.graph.node('Reshape', [at(call, 0), call.graph.ints(sizesAt(call, 1))]),
  'aten::permute': (call) => call.graph.node('Transpose', [at(call, 0)], { perm: axesOf(call, numbersAt(call, 1)) }),
  'aten::expand': (call) =>
    call.graph.node('Expand', [at(call, 0), call.graph.ints(sizesAt(call, 1).map((n) => (n === -1 ? 1 : n)))]),
  'aten::clone': alias,
  'aten::detach': alias,
  'aten::contiguous': alias,
  'aten::to.dtype': converted,
  'aten::to.device': converted,
};

/** Writes a call into its graph. Throws a RangeError that names an operator which it does not know. */
export const write = (call: Call): void => {
  const known = operators[call.name];
  if (known === undefined)
    throw new RangeError(
      `Cannot export to ONNX: every operator of the network must be one that tailnas can write, ${call.name} is not; ` +
        'write that part with other operators of tailnas/tensor, or export with --safetensors',
    );
  call.graph.set(call.result, known(call));
};
