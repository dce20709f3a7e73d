import type { Dtype } from './dtype.js';
import { tensorOp, tensorsOp, voidOp } from './operator.js';
import { optionsOf } from './options.js';
import { scope, type Tensor } from './tensor.js';

/** Wherever arithmetic allows it, a number may replace a tensor of one element. */
export type Operand = Tensor | number;

interface Creation {
  /** float32 unless said; int64 for `arange`. */
  dtype?: Dtype;
  /** `'cpu'` unless said. */
  device?: string;
}
const creation = optionsOf<Creation>({ dtype: true, device: true });

/** Element type and device of a tensor, or of what else has them: `zeros([3], like(x))`. */
export const like = ({ dtype, device }: Required<Creation>): Required<Creation> => ({ dtype, device });

// Creation: libtorch's own default (float32, CPU) is said here, so that no global setting can change what a program
// means.

const zerosOp = tensorOp('aten::zeros', 'size', 'dtype', 'layout', 'device');
export const zeros = (shape: readonly number[], options: Creation = {}): Tensor => {
  const { dtype = 'float32', device = 'cpu' } = creation(options, 'make zeros');
  return zerosOp(shape, dtype, null, device);
};

const onesOp = tensorOp('aten::ones', 'size', 'dtype', 'layout', 'device');
export const ones = (shape: readonly number[], options: Creation = {}): Tensor => {
  const { dtype = 'float32', device = 'cpu' } = creation(options, 'make ones');
  return onesOp(shape, dtype, null, device);
};

const fullOp = tensorOp('aten::full', 'size', 'fill_value', 'dtype', 'layout', 'device');
export const full = (shape: readonly number[], value: number, options: Creation = {}): Tensor => {
  const { dtype = 'float32', device = 'cpu' } = creation(options, 'make full');
  return fullOp(shape, value, dtype, null, device);
};

const arangeOp = tensorOp('aten::arange', 'end', 'dtype', 'layout', 'device');
/** 0, 1, …, end − 1. */
export const arange = (end: number, options: Creation = {}): Tensor => {
  const { dtype = 'int64', device = 'cpu' } = creation(options, 'make arange');
  return arangeOp(end, dtype, null, device);
};

const randnOp = tensorOp('aten::randn', 'size', 'dtype', 'layout', 'device');
/** Standard normal numbers, from `rng`. */
export const randn = (shape: readonly number[], options: Creation = {}): Tensor => {
  const { dtype = 'float32', device = 'cpu' } = creation(options, 'make randn');
  return randnOp(shape, dtype, null, device);
};

const randOp = tensorOp('aten::rand', 'size', 'dtype', 'layout', 'device');
/** Uniform numbers in [0, 1), from `rng`. */
export const rand = (shape: readonly number[], options: Creation = {}): Tensor => {
  const { dtype = 'float32', device = 'cpu' } = creation(options, 'make rand');
  return randOp(shape, dtype, null, device);
};

export const zerosLike = tensorOp('aten::zeros_like', 'self') as (x: Tensor) => Tensor;
export const onesLike = tensorOp('aten::ones_like', 'self') as (x: Tensor) => Tensor;

// Arithmetic, with broadcasting.

const binary = (name: string) => {
  const withTensor = tensorOp(`aten::${name}.Tensor`, 'self', 'other');
  const withNumber = tensorOp(`aten::${name}.Scalar`, 'self', 'other');
  return (x: Tensor, y: Operand): Tensor => (typeof y === 'number' ? withNumber(x, y) : withTensor(x, y));
};
export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const eq = binary('eq');

const unary = (name: string) => tensorOp(`aten::${name}`, 'self') as (x: Tensor) => Tensor;
export const neg = unary('neg');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const rsqrt = unary('rsqrt');
export const abs = unary('abs');
export const square = unary('square');
export const sigmoid = unary('sigmoid');
export const tanh = unary('tanh');
export const isfinite = unary('isfinite');
const boundsOf = optionsOf<{ least: number; most: number }>({ least: true, most: true });
const clampOp = tensorOp('aten::clamp', 'self', 'min', 'max');
/** x between two numbers: what is outside becomes the nearer, and has no gradient. */
export const clamp = (x: Tensor, bounds: { least: number; most: number }): Tensor => {
  const { least, most } = boundsOf(bounds, 'clamp');
  return clampOp(x, least, most);
};
const sampleDirichletOp = tensorOp('aten::_sample_dirichlet', 'self');
/** A draw of the Dirichlet distribution with these concentrations, from `rng`; no gradient. c: [..., n] → [..., n] */
export const sampleDirichlet = (c: Tensor): Tensor => sampleDirichletOp(c);
const dirichletGradOp = tensorOp('aten::_dirichlet_grad', 'x', 'alpha', 'total');
/** D of a draw's pathwise gradient ∂x_i/∂c_j = D_j (δ_ij − x_i). x, c: [..., n] → [..., n] */
export const dirichletGradient = (x: Tensor, c: Tensor): Tensor =>
  dirichletGradOp(x, c, expand(sum(c, { dim: -1, keepdim: true }), c.shape));
export const all = unary('all');

const matmulOp = tensorOp('aten::matmul', 'self', 'other');
export const matmul = (x: Tensor, y: Tensor): Tensor => matmulOp(x, y);

// Reductions.

interface Reduction {
  /** Dimensions to reduce; all when left out. */
  dim?: number | readonly number[];
  /** Whether reduced dimensions stay, of size 1; no unless said. */
  keepdim?: boolean;
}
const reduction = optionsOf<Reduction>({ dim: true, keepdim: true });
const dims = (dim: Reduction['dim']): readonly number[] | null =>
  dim === undefined ? null : typeof dim === 'number' ? [dim] : dim;

const sumOp = tensorOp('aten::sum.dim_IntList', 'self', 'dim', 'keepdim');
export const sum = (x: Tensor, options: Reduction = {}): Tensor => {
  const { dim, keepdim = false } = reduction(options, 'take sum');
  return sumOp(x, dims(dim), keepdim);
};

const meanOp = tensorOp('aten::mean.dim', 'self', 'dim', 'keepdim');
export const mean = (x: Tensor, options: Reduction = {}): Tensor => {
  const { dim, keepdim = false } = reduction(options, 'take mean');
  return meanOp(x, dims(dim), keepdim);
};

const normOp = tensorOp('aten::linalg_vector_norm', 'self', 'ord', 'dim', 'keepdim');
/** Euclidean length. */
export const norm = (x: Tensor, options: Reduction = {}): Tensor => {
  const { dim, keepdim = false } = reduction(options, 'take norm');
  return normOp(x, 2, dims(dim), keepdim);
};

const argmaxOp = tensorOp('aten::argmax', 'self', 'dim', 'keepdim');
export const argmax = (x: Tensor, options: { dim?: number; keepdim?: boolean } = {}): Tensor => {
  reduction(options, 'take argmax');
  const { dim, keepdim = false } = options;
  return argmaxOp(x, dim ?? null, keepdim);
};

// Choosing elements.

interface Along {
  dim?: number;
}
const along = optionsOf<Along>({ dim: true });

const indexSelectOp = tensorOp('aten::index_select', 'self', 'dim', 'index');
/** The entries of `x` along `dim` that `index` names, one after the other. index: int64 [n] */
export const indexSelect = (x: Tensor, dim: number, index: Tensor): Tensor => indexSelectOp(x, dim, index);

const maskedFillOp = tensorOp('aten::masked_fill.Scalar', 'self', 'mask', 'value');
/** x, with `value` where the mask is true. mask: bool, of a shape that broadcasts to x */
export const maskedFill = (x: Tensor, mask: Tensor, value: number): Tensor => maskedFillOp(x, mask, value);

// Decompositions.

const qrOp = tensorsOp('aten::linalg_qr', 'A', 'mode');
/** The orthonormal columns of the reduced QR decomposition. x: [n, k], n >= k → [n, k] */
export const orthonormal = (x: Tensor): Tensor =>
  scope(() => {
    const [q] = qrOp(x, 'reduced');
    if (q === undefined) throw new Error('Cannot decompose: linalg_qr gave no Q');
    return q;
  });

// Shape. These are views where libtorch can make one.

const reshapeOp = tensorOp('aten::reshape', 'self', 'shape');
/** One size may be −1: what is left over. */
export const reshape = (x: Tensor, shape: readonly number[]): Tensor => reshapeOp(x, shape);

const permuteOp = tensorOp('aten::permute', 'self', 'dims');
export const permute = (x: Tensor, order: readonly number[]): Tensor => permuteOp(x, order);

const narrowOp = tensorOp('aten::narrow', 'self', 'dim', 'start', 'length');
/** `length` entries from `start` along `dim`. */
export const narrow = (x: Tensor, dim: number, start: number, length: number): Tensor =>
  narrowOp(x, dim, start, length);

const selectOp = tensorOp('aten::select.int', 'self', 'dim', 'index');
/** Entry `index` along `dim`, which disappears. */
export const select = (x: Tensor, dim: number, index: number): Tensor => selectOp(x, dim, index);

const expandOp = tensorOp('aten::expand', 'self', 'size');
export const expand = (x: Tensor, shape: readonly number[]): Tensor => expandOp(x, shape);

const catOp = tensorOp('aten::cat', 'tensors', 'dim');
export const cat = (tensors: readonly Tensor[], options: Along = {}): Tensor => {
  const { dim = 0 } = along(options, 'cat');
  return catOp(tensors, dim);
};

const stackOp = tensorOp('aten::stack', 'tensors', 'dim');
export const stack = (tensors: readonly Tensor[], options: Along = {}): Tensor => {
  const { dim = 0 } = along(options, 'stack');
  return stackOp(tensors, dim);
};

const splitOp = tensorsOp('aten::unbind.int', 'self', 'dim');
/** Every entry along `dim`, as views. */
export const unbind = (x: Tensor, options: Along = {}): Tensor[] => {
  const { dim = 0 } = along(options, 'unbind');
  return splitOp(x, dim);
};

const splitSizesOp = tensorsOp('aten::split_with_sizes', 'self', 'split_sizes');
/** Pieces of these lengths along the first dimension, one after the other, as views. */
export const splitInto = (x: Tensor, lengths: readonly number[]): Tensor[] => splitSizesOp(x, lengths);

// Copies and conversions.

/** The same memory, outside the graph. */
export const detach = unary('detach');
const cloneOp = tensorOp('aten::clone', 'self');
export const clone = (x: Tensor): Tensor => cloneOp(x);

const CHANNELS_LAST = 2;
const contiguousOp = tensorOp('aten::contiguous', 'self', 'memory_format');
/** An image batch [batch, channels, h, w] with its channels innermost in memory; no copy when they already are. */
export const channelsLast = (x: Tensor): Tensor => contiguousOp(x, CHANNELS_LAST);

const toOp = tensorOp('aten::to.dtype', 'self', 'dtype');
const toDeviceOp = tensorOp('aten::to.device', 'self', 'device', 'dtype');
/** Converts element type or device; no copy when nothing changes. */
export const to = (x: Tensor, options: Creation): Tensor => {
  const { dtype, device } = creation(options, 'convert');
  if (device !== undefined) return toDeviceOp(x, device, dtype ?? x.dtype);
  return dtype === undefined ? x : toOp(x, dtype);
};

const copyEachOp = voidOp('aten::_foreach_copy_', 'self', 'src');
/** Each x ← the y of its place. For updates under noGrad. */
export const copyEach = (x: readonly Tensor[], y: readonly Tensor[]): void => {
  if (x.length > 0) copyEachOp(x, y);
};

// In place: for updates under noGrad. They return nothing, so that a chain cannot hide which tensor changes.

const addInPlace = tensorOp('aten::add_.Tensor', 'self', 'other', 'alpha');
const mulInPlace = tensorOp('aten::mul_.Scalar', 'self', 'other');
const copyInPlace = tensorOp('aten::copy_', 'self', 'src');
const zeroInPlace = tensorOp('aten::zero_', 'self');
const uniformInPlace = tensorOp('aten::uniform_', 'self', 'from', 'to');
const bernoulliInPlace = tensorOp('aten::bernoulli_.float', 'self', 'p');
const exponentialInPlace = tensorOp('aten::exponential_', 'self', 'lambd');
const normalInPlace = tensorOp('aten::normal_', 'self', 'mean', 'std');
const addcmulInPlace = tensorOp('aten::addcmul_', 'self', 'tensor1', 'tensor2', 'value');
const addcdivInPlace = tensorOp('aten::addcdiv_', 'self', 'tensor1', 'tensor2', 'value');

const quietly = (alias: Tensor): void => alias.dispose();
/** Updates in place: each changes `x` and returns nothing. */
export const inPlace = {
  /** x ← x + alpha · y */
  add: (x: Tensor, y: Tensor, { alpha = 1 }: { alpha?: number } = {}): void => quietly(addInPlace(x, y, alpha)),
  /** x ← x · factor */
  mul: (x: Tensor, factor: number): void => quietly(mulInPlace(x, factor)),
  /** x ← y */
  copy: (x: Tensor, y: Tensor): void => quietly(copyInPlace(x, y)),
  /** x ← 0 */
  zero: (x: Tensor): void => quietly(zeroInPlace(x)),
  /** x ← uniform numbers in [from, to), from `rng` */
  uniform: (x: Tensor, from: number, to: number): void => quietly(uniformInPlace(x, from, to)),
  /** x ← 1 with probability p, else 0, from `rng` */
  bernoulli: (x: Tensor, p: number): void => quietly(bernoulliInPlace(x, p)),
  /** x ← exponential numbers of mean 1, from `rng` */
  exponential: (x: Tensor): void => quietly(exponentialInPlace(x, 1)),
  /** x ← normal numbers, from `rng` */
  normal: (x: Tensor, mean: number, deviation: number): void => quietly(normalInPlace(x, mean, deviation)),
  /** x ← x + value · a · b */
  addcmul: (x: Tensor, a: Tensor, b: Tensor, { value = 1 }: { value?: number } = {}): void =>
    quietly(addcmulInPlace(x, a, b, value)),
  /** x ← x + value · a / b */
  addcdiv: (x: Tensor, a: Tensor, b: Tensor, { value = 1 }: { value?: number } = {}): void =>
    quietly(addcdivInPlace(x, a, b, value)),
};
