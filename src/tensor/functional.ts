import { tensorOp } from './operator.js';
import { scope, type Tensor } from './tensor.js';

/** A size in both image dimensions, or one for each. */
export type Pair = number | readonly [number, number];
const pair = (p: Pair): readonly number[] => (typeof p === 'number' ? [p, p] : p);

const everyOp = tensorOp('aten::slice.Tensor', 'self', 'dim', 'start', 'end', 'step');
/** Every `step`-th row and column of images, from the first. x: [..., h, w] */
export const everyPixel = (x: Tensor, step: Pair): Tensor =>
  pair(step).reduce((y, by, i) => (by > 1 ? everyOp(y, i - 2, null, null, by) : y), x);

const conv2dOp = tensorOp('aten::conv2d', 'input', 'weight', 'bias', 'stride', 'padding', 'dilation', 'groups');
/** 2-D convolution. x: [batch, in, h, w]; weight: [out, in / groups, kh, kw]; bias: [out]. */
export const conv2d = (
  x: Tensor,
  weight: Tensor,
  {
    bias = null,
    stride = 1,
    padding = 0,
    dilation = 1,
    groups = 1,
  }: { bias?: Tensor | null; stride?: Pair; padding?: Pair; dilation?: Pair; groups?: number } = {},
): Tensor => {
  const strides = pair(stride);
  const [, , kh, kw] = weight.shape;
  // oneDNN of libtorch 2.13 writes past its memory in the weight gradient of a strided 1×1 convolution with channels
  // last, for few images and channels that are no multiple of 16. Such a convolution reads every other pixel: we pick
  // these first.
  const picked = kh === 1 && kw === 1 && pair(padding).every((p) => p === 0) && strides.some((s) => s > 1);
  if (!picked) return conv2dOp(x, weight, bias, strides, pair(padding), pair(dilation), groups);
  return scope(() => conv2dOp(everyPixel(x, stride), weight, bias, [1, 1], [0, 0], [1, 1], groups));
};

const batchNormOp = tensorOp(
  'aten::batch_norm',
  'input',
  'weight',
  'bias',
  'running_mean',
  'running_var',
  'training',
  'momentum',
  'eps',
  'cudnn_enabled',
);
/**
 * Normalises each channel over batch and image: by the batch's own statistics in training (which also move the running
 * ones), by the running ones else.
 */
export const batchNorm = (
  x: Tensor,
  {
    weight = null,
    bias = null,
    runningMean,
    runningVar,
    training,
    momentum = 0.1,
    eps = 1e-5,
  }: {
    weight?: Tensor | null;
    bias?: Tensor | null;
    runningMean: Tensor;
    runningVar: Tensor;
    training: boolean;
    momentum?: number;
    eps?: number;
  },
): Tensor => batchNormOp(x, weight, bias, runningMean, runningVar, training, momentum, eps, true);

interface Pooling {
  kernel: Pair;
  stride?: Pair;
  padding?: Pair;
}
const maxPoolOp = tensorOp('aten::max_pool2d', 'self', 'kernel_size', 'stride', 'padding', 'dilation', 'ceil_mode');
/** The largest of each window; with `ceil` windows that reach over the end count as well. */
export const maxPool2d = (
  x: Tensor,
  { kernel, stride = 1, padding = 0, ceil = false }: Pooling & { ceil?: boolean },
): Tensor => maxPoolOp(x, pair(kernel), pair(stride), pair(padding), [1, 1], ceil);

const avgPoolOp = tensorOp(
  'aten::avg_pool2d',
  'self',
  'kernel_size',
  'stride',
  'padding',
  'ceil_mode',
  'count_include_pad',
);
/** Average pooling; `countPadding` says whether the padding's zeros count in the mean. */
export const avgPool2d = (
  x: Tensor,
  { kernel, stride = 1, padding = 0, countPadding = false }: Pooling & { countPadding?: boolean },
): Tensor => avgPoolOp(x, pair(kernel), pair(stride), pair(padding), false, countPadding);

const adaptiveOp = tensorOp('aten::adaptive_avg_pool2d', 'self', 'output_size');
/** Average pooling to a size, whatever the image's: windows divide the image as evenly as they can, and may overlap. */
export const adaptiveAvgPool2d = (x: Tensor, size: Pair): Tensor => adaptiveOp(x, pair(size));

export const relu = tensorOp('aten::relu', 'self') as (x: Tensor) => Tensor;

const eluOp = tensorOp('aten::elu', 'self');
/** x where it is above 0, exp(x) − 1 below. */
export const elu = (x: Tensor): Tensor => eluOp(x);

const linearOp = tensorOp('aten::linear', 'input', 'weight', 'bias');
/** x · weightᵀ + bias. x: [batch, in]; weight: [out, in]; bias: [out]. */
export const linear = (x: Tensor, weight: Tensor, { bias = null }: { bias?: Tensor | null } = {}): Tensor =>
  linearOp(x, weight, bias);

const softmaxOp = tensorOp('aten::softmax.int', 'self', 'dim');
export const softmax = (x: Tensor, { dim = -1 }: { dim?: number } = {}): Tensor => softmaxOp(x, dim);

const logSoftmaxOp = tensorOp('aten::log_softmax.int', 'self', 'dim');
export const logSoftmax = (x: Tensor, { dim = -1 }: { dim?: number } = {}): Tensor => logSoftmaxOp(x, dim);

const logSumExpOp = tensorOp('aten::logsumexp', 'self', 'dim', 'keepdim');
/** log Σ exp(x) along `dim`, safe for x of any size; −∞ adds nothing. */
export const logSumExp = (x: Tensor, { dim = -1 }: { dim?: number } = {}): Tensor => logSumExpOp(x, [dim], false);

const REDUCTIONS = { none: 0, mean: 1, sum: 2 } as const;
const crossEntropyOp = tensorOp(
  'aten::cross_entropy_loss',
  'self',
  'target',
  'weight',
  'reduction',
  'ignore_index',
  'label_smoothing',
);
/** −log softmax(logits)[label], the mean unless said. logits: [batch, classes]; labels: int64 [batch]. */
export const crossEntropy = (
  logits: Tensor,
  labels: Tensor,
  {
    weight = null,
    reduction = 'mean',
    labelSmoothing = 0,
  }: { weight?: Tensor | null; reduction?: keyof typeof REDUCTIONS; labelSmoothing?: number } = {},
): Tensor => crossEntropyOp(logits, labels, weight, REDUCTIONS[reduction], -100, labelSmoothing);

const padOp = tensorOp('aten::constant_pad_nd', 'self', 'pad', 'value');
/** Surrounds images with zeros, and puts channels of zeros before and after theirs. x: [..., channels, h, w] */
export const zeroPad = (x: Tensor, { left = 0, right = 0, top = 0, bottom = 0, before = 0, after = 0 } = {}): Tensor =>
  padOp(x, [left, right, top, bottom, ...(before > 0 || after > 0 ? [before, after] : [])], 0);
