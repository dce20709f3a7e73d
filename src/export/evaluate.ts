import {
  abs,
  add,
  avgPool2d,
  batchNorm,
  cat,
  conv2d,
  detach,
  div,
  eq,
  exp,
  expand,
  log,
  logSoftmax,
  matmul,
  maxPool2d,
  mean,
  mul,
  neg,
  noGrad,
  norm,
  permute,
  relu,
  reshape,
  scope,
  sigmoid,
  softmax,
  sqrt,
  sub,
  type Tensor,
  tensor,
  tensorOp,
  viewAs,
  zeroPad,
} from '../tensor/index.js';
import type { OnnxModel, OnnxNode, OnnxTensor } from './onnx-model.js';

// Our own reader of written files, by the definitions of https://onnx.ai/onnx/operators and not by the writer's table.
// So every export is checked, without a package that may be missing.

/** A node with its inputs. */
interface At {
  readonly node: OnnxNode;
  /** An input; throws where it is left out. */
  readonly x: (i: number) => Tensor;
  readonly has: (i: number) => boolean;
}

const fail = ({ op }: OnnxNode, rule: string): never => {
  throw new RangeError(`Cannot evaluate ONNX: ${op} ${rule}`);
};
const int = (node: OnnxNode, name: string, fallback?: number): number => {
  const value = node.attributes[name] ?? fallback;
  return typeof value === 'number' ? value : fail(node, `needs ${name}, a whole number`);
};
const ints = (node: OnnxNode, name: string, fallback?: readonly number[]): readonly number[] => {
  const value = node.attributes[name] ?? fallback;
  return Array.isArray(value) ? value : fail(node, `needs ${name}, whole numbers`);
};
const pairOf = (node: OnnxNode, name: string, fallback?: readonly number[]): readonly [number, number] => {
  const [h, w, ...rest] = ints(node, name, fallback);
  return h === undefined || w === undefined || rest.length > 0 ? fail(node, `needs two numbers in ${name}`) : [h, w];
};
/** ONNX has the beginning of each dimension and then its end: they must be equal, as libtorch pads. */
const padding = (node: OnnxNode): readonly [number, number] => {
  const [top = 0, left = 0, bottom = 0, right = 0] = ints(node, 'pads', [0, 0, 0, 0]);
  return top === bottom && left === right ? [top, left] : fail(node, 'must be padded alike at both ends');
};
const listOf = (x: Tensor): number[] => x.toArray();

const sliceOp = tensorOp('aten::slice.Tensor', 'self', 'dim', 'start', 'end', 'step');
const whereOp = tensorOp('aten::where.self', 'condition', 'self', 'other');
const powOp = tensorOp('aten::pow.Tensor_Tensor', 'self', 'exponent');
const lessOrEqualOp = tensorOp('aten::le.Tensor', 'self', 'other');
const reciprocalOp = tensorOp('aten::reciprocal', 'self');

const pool = (node: OnnxNode) => {
  if (int(node, 'ceil_mode', 0) !== 0) return fail(node, 'must not round sizes up');
  return { kernel: pairOf(node, 'kernel_shape'), stride: pairOf(node, 'strides', [1, 1]), padding: padding(node) };
};

const slice = ({ node, x, has }: At): Tensor => {
  const starts = listOf(x(1));
  const ends = listOf(x(2));
  const axes = has(3) ? listOf(x(3)) : [...starts.keys()];
  const steps = has(4) ? listOf(x(4)) : starts.map(() => 1);
  return starts.reduce((y, start, i) => {
    const axis = axes[i] ?? fail(node, 'needs an axis for every start');
    return sliceOp(y, axis, start, Math.min(ends[i] ?? 0, y.shape[axis] ?? 0), steps[i] ?? 1);
  }, x(0));
};

const pad = ({ node, x, has }: At): Tensor => {
  const sides = listOf(x(1));
  if (sides.length !== 8 || sides.some((n) => n < 0)) return fail(node, 'must be of images, with pads >= 0');
  if (has(2) && x(2).item() !== 0) return fail(node, 'must pad with 0');
  const [first = 0, before = 0, top = 0, left = 0, last = 0, after = 0, bottom = 0, right = 0] = sides;
  if (first !== 0 || last !== 0) return fail(node, 'must not pad the batch');
  return zeroPad(x(0), { left, right, top, bottom, before, after });
};

const sizes = ({ node, x }: At): number[] =>
  listOf(x(1)).map((n, i) => (n !== 0 ? n : (x(0).shape[i] ?? fail(node, 'copies a size that is not there'))));

const gemm = ({ node, x, has }: At): Tensor => {
  const { alpha = { float: 1 }, beta = { float: 1 } } = node.attributes;
  const plain = [alpha, beta].every((of) => typeof of === 'object' && 'float' in of && of.float === 1);
  if (!plain || int(node, 'transA', 0) !== 0) return fail(node, 'must be of plain factors');
  const product = matmul(x(0), int(node, 'transB', 0) === 1 ? permute(x(1), [1, 0]) : x(1));
  return has(2) ? add(product, x(2)) : product;
};

const batchNormalization = ({ node, x }: At): Tensor => {
  const { epsilon } = node.attributes;
  if (typeof epsilon !== 'object' || !('float' in epsilon)) return fail(node, 'needs epsilon, a float');
  const state = { weight: x(1), bias: x(2), runningMean: x(3), runningVar: x(4) };
  return batchNorm(x(0), { ...state, training: false, eps: epsilon.float });
};

const reduction = ({ node, x }: At) => ({
  dim: ints(node, 'axes', [...x(0).shape.keys()]),
  keepdim: int(node, 'keepdims', 1) === 1,
});

/** What each operator computes. */
const evaluators: Readonly<Record<string, (at: At) => Tensor>> = {
  Conv: ({ node, x, has }) =>
    conv2d(x(0), x(1), {
      bias: has(2) ? x(2) : null,
      stride: pairOf(node, 'strides', [1, 1]),
      padding: padding(node),
      dilation: pairOf(node, 'dilations', [1, 1]),
      groups: int(node, 'group', 1),
    }),
  BatchNormalization: batchNormalization,
  MaxPool: ({ node, x }) =>
    pairOf(node, 'dilations', [1, 1]).join() === '1,1'
      ? maxPool2d(x(0), pool(node))
      : fail(node, 'must not be dilated'),
  AveragePool: ({ node, x }) =>
    avgPool2d(x(0), { ...pool(node), countPadding: int(node, 'count_include_pad', 0) === 1 }),
  GlobalAveragePool: ({ x }) => mean(x(0), { dim: [2, 3], keepdim: true }),
  Flatten: ({ node, x }) => {
    const axis = int(node, 'axis', 1);
    return reshape(x(0), [
      x(0)
        .shape.slice(0, axis)
        .reduce((a, b) => a * b, 1),
      -1,
    ]);
  },
  Gemm: gemm,
  MatMul: ({ x }) => matmul(x(0), x(1)),
  Add: ({ x }) => add(x(0), x(1)),
  Sub: ({ x }) => sub(x(0), x(1)),
  Mul: ({ x }) => mul(x(0), x(1)),
  Div: ({ x }) => div(x(0), x(1)),
  Equal: ({ x }) => eq(x(0), x(1)),
  LessOrEqual: ({ x }) => lessOrEqualOp(x(0), x(1)),
  Pow: ({ x }) => powOp(x(0), x(1)),
  Where: ({ x }) => whereOp(x(0), x(1), x(2)),
  Identity: ({ x }) => detach(x(0)),
  Relu: ({ x }) => relu(x(0)),
  Neg: ({ x }) => neg(x(0)),
  Exp: ({ x }) => exp(x(0)),
  Log: ({ x }) => log(x(0)),
  Sqrt: ({ x }) => sqrt(x(0)),
  Reciprocal: ({ x }) => reciprocalOp(x(0)),
  Abs: ({ x }) => abs(x(0)),
  Sigmoid: ({ x }) => sigmoid(x(0)),
  Softmax: ({ node, x }) => softmax(x(0), { dim: int(node, 'axis', -1) }),
  LogSoftmax: ({ node, x }) => logSoftmax(x(0), { dim: int(node, 'axis', -1) }),
  ReduceMean: (at) => mean(at.x(0), reduction(at)),
  ReduceL2: (at) => norm(at.x(0), reduction(at)),
  Concat: ({ node, x }) =>
    cat(
      node.inputs.map((_, i) => x(i)),
      { dim: int(node, 'axis') },
    ),
  Slice: slice,
  Pad: pad,
  Reshape: (at) => reshape(at.x(0), sizes(at)),
  Transpose: ({ node, x }) => permute(x(0), ints(node, 'perm')),
  Shape: ({ x }) => tensor(BigInt64Array.from(x(0).shape, (n) => BigInt(n))),
  Expand: ({ x }) => {
    const wanted = listOf(x(1));
    const { shape } = x(0);
    return expand(
      x(0),
      wanted.map((n, i) => (n === 1 ? (shape[i - wanted.length + shape.length] ?? 1) : n)),
    );
  },
};

const constant = ({ type, shape, bytes }: OnnxTensor): Tensor =>
  tensor(viewAs(type, Uint8Array.from(bytes).buffer), { shape, dtype: type });

/** An ONNX graph ready to be run by libtorch, operator by operator. */
export interface OnnxEvaluator {
  /** The graph's one output for its one input. */
  run(input: Tensor): Tensor;
  dispose(): void;
}

/** Makes an evaluator of a graph. Throws a RangeError that names an operator which it does not know. */
export const onnxEvaluator = ({ nodes, constants, inputs, outputs }: OnnxModel): OnnxEvaluator => {
  const unknown = nodes.find(({ op }) => evaluators[op] === undefined);
  if (unknown !== undefined) throw new RangeError(`Cannot evaluate ONNX: ${unknown.op} is not known`);
  const [[input], [output]] = [inputs, outputs];
  if (input === undefined || output === undefined) throw new RangeError('Cannot evaluate ONNX: no input or no output');
  const fixed = new Map(constants.map((each) => [each.name, constant(each)]));
  const last = new Map(nodes.flatMap((node, i) => node.inputs.map((name): [string, number] => [name, i])));
  return {
    run: (given) =>
      scope(() =>
        noGrad(() => {
          const values = new Map<string, Tensor>([...fixed, [input.name, given]]);
          for (const [i, node] of nodes.entries()) {
            const name = (k: number): string => node.inputs[k] ?? '';
            const result = scope(() =>
              evaluators[node.op]?.({
                node,
                has: (k) => name(k) !== '',
                x: (k) => values.get(name(k)) ?? fail(node, `has an input "${name(k)}" that nothing gives`),
              }),
            );
            if (result === undefined) return fail(node, 'is not known');
            values.set(node.outputs[0] ?? '', result);
            for (const used of node.inputs) {
              if (last.get(used) !== i || fixed.has(used) || used === input.name) continue;
              values.get(used)?.dispose();
              values.delete(used);
            }
          }
          return (
            values.get(output.name) ?? fail({ op: 'graph', inputs: [], outputs: [], attributes: {} }, 'has no output')
          );
        }),
      ),
    dispose: () => {
      for (const each of fixed.values()) each.dispose();
    },
  };
};
