import { tensorOp } from './operator.js';
import { optionsOf } from './options.js';
import { scope, type Tensor } from './tensor.js';

/** A size in both image dimensions, or one for each. */
export type Pair = number | readonly [number, number];
const pair = (p: Pair): readonly number[] => (typeof p === 'number' ? [p, p] : p);

const everyOp = tensorOp('aten::slice.Tensor', 'self', 'dim', 'start', 'end', 'step');
/** Every `step`-th row and column of images, from the first. x: [..., h, w] */
export const everyPixel = (x: Tensor, step: Pair): Tensor =>
  pair(step).reduce((y, by, i) => (by > 1 ? everyOp(y, i - 2, null, null, by) : y), x);

const conv2dOp = tensorOp('aten::conv2d', 'input', 'weight', 'bias', 'stride', 'padding', 'dilation', 'groups');
interface Convolution {
  /** [out]; none unless given. */
  bias?: Tensor | null;
  /** 1 unless said. */
  stride?: Pair;
  /** Zeros around the image; 0 unless said. */
  padding?: Pair;
  /** 1 unless said. */
  dilation?: Pair;
  /** 1 unless said; as many as channels make a depthwise convolution. */
  groups?: number;
}
const convolution = optionsOf<Convolution>({ bias: true, stride: true, padding: true, dilation: true, groups: true });
/** 2-D convolution. x: [batch, in, h, w]; weight: [out, in / groups, kh, kw]; bias: [out]. */
export const conv2d = (x: Tensor, weight: Tensor, options: Convolution = {}): Tensor => {
  const { bias = null, stride = 1, padding = 0, dilation = 1, groups = 1 } = convolution(options, 'convolve');
  const strides = pair(stride);
  const [, , kh, kw] = weight.shape;
  // oneDNN of libtorch 2.13 writes past its memory in the weight gradient of a strided 1×1 convolution with channels
  // last, for few images if channels are not a multiple of 16. Such a convolution reads every other pixel: we select
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
interface Normalization {
  /** Gain, [channels]; 1 unless given. */
  weight?: Tensor | null;
  /** [channels]; 0 unless given. */
  bias?: Tensor | null;
  /** [channels] */
  runningMean: Tensor;
  /** [channels] */
  runningVar: Tensor;
  training: boolean;
  /** Share of a batch's statistics in the running ones; 0.1 unless said. */
  momentum?: number;
  /** Added to the variance; 1e-5 unless said. */
  eps?: number;
}
const normalization = optionsOf<Normalization>({
  ...{ weight: true, bias: true, runningMean: true, runningVar: true, training: true, momentum: true, eps: true },
});
/**
 * Normalises each channel over batch and image: by the batch's own statistics in training (which also move the running
 * ones), by the running ones else. x: [batch, channels, h, w]
 */
export const batchNorm = (x: Tensor, options: Normalization): Tensor => {
  const { weight = null, bias = null, runningMean, runningVar } = normalization(options, 'normalise');
  const { training, momentum = 0.1, eps = 1e-5 } = options;
  return batchNormOp(x, weight, bias, runningMean, runningVar, training, momentum, eps, true);
};

interface Pooling {
  kernel: Pair;
  /** The kernel's size unless said, as in PyTorch. */
  stride?: Pair;
  /** 0 unless said. */
  padding?: Pair;
}
interface MaxPooling extends Pooling {
  /** Whether windows that reach over the end count as well; no unless said. */
  ceil?: boolean;
}
interface AvgPooling extends Pooling {
  /** Whether the padding's zeros count in the mean; no unless said, other than in PyTorch. */
  countPadding?: boolean;
}
const maxPooling = optionsOf<MaxPooling>({ kernel: true, stride: true, padding: true, ceil: true });
const avgPooling = optionsOf<AvgPooling>({ kernel: true, stride: true, padding: true, countPadding: true });

const maxPoolOp = tensorOp('aten::max_pool2d', 'self', 'kernel_size', 'stride', 'padding', 'dilation', 'ceil_mode');
/** The largest of each window. x: [batch, channels, h, w] */
export const maxPool2d = (x: Tensor, options: MaxPooling): Tensor => {
  const { kernel, stride = kernel, padding = 0, ceil = false } = maxPooling(options, 'pool');
  return maxPoolOp(x, pair(kernel), pair(stride), pair(padding), [1, 1], ceil);
};

const avgPoolOp = tensorOp(
  'aten::avg_pool2d',
  'self',
  'kernel_size',
  'stride',
  'padding',
  'ceil_mode',
  'count_include_pad',
);
/** The mean of each window. x: [batch, channels, h, w] */
export const avgPool2d = (x: Tensor, options: AvgPooling): Tensor => {
  const { kernel, stride = kernel, padding = 0, countPadding = false } = avgPooling(options, 'pool');
  return avgPoolOp(x, pair(kernel), pair(stride), pair(padding), false, countPadding);
};

const adaptiveOp = tensorOp('aten::adaptive_avg_pool2d', 'self', 'output_size');
/** Average pooling to a size, whatever the image's: windows divide the image as evenly as they can, and may overlap. */
export const adaptiveAvgPool2d = (x: Tensor, size: Pair): Tensor => adaptiveOp(x, pair(size));

export const relu = tensorOp('aten::relu', 'self') as (x: Tensor) => Tensor;

const eluOp = tensorOp('aten::elu', 'self');
/** x where it is above 0, exp(x) − 1 below. */
export const elu = (x: Tensor): Tensor => eluOp(x);

interface Biased {
  /** [out]; none unless given. */
  bias?: Tensor | null;
}
const biased = optionsOf<Biased>({ bias: true });
const linearOp = tensorOp('aten::linear', 'input', 'weight', 'bias');
/** x · weightᵀ + bias. x: [batch, in]; weight: [out, in]; bias: [out]. */
export const linear = (x: Tensor, weight: Tensor, options: Biased = {}): Tensor => {
  const { bias = null } = biased(options, 'multiply');
  return linearOp(x, weight, bias);
};

interface Along {
  /** The last unless said. */
  dim?: number;
}
const along = optionsOf<Along>({ dim: true });

const softmaxOp = tensorOp('aten::softmax.int', 'self', 'dim');
export const softmax = (x: Tensor, options: Along = {}): Tensor => {
  const { dim = -1 } = along(options, 'take softmax');
  return softmaxOp(x, dim);
};

const logSoftmaxOp = tensorOp('aten::log_softmax.int', 'self', 'dim');
export const logSoftmax = (x: Tensor, options: Along = {}): Tensor => {
  const { dim = -1 } = along(options, 'take logSoftmax');
  return logSoftmaxOp(x, dim);
};

const logSumExpOp = tensorOp('aten::logsumexp', 'self', 'dim', 'keepdim');
/** log Σ exp(x) along `dim`, safe for x of any size; −∞ adds nothing. */
export const logSumExp = (x: Tensor, options: Along = {}): Tensor => {
  const { dim = -1 } = along(options, 'take logSumExp');
  return logSumExpOp(x, [dim], false);
};

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
interface CrossEntropy {
  /** [classes]; 1 unless given. */
  weight?: Tensor | null;
  reduction?: keyof typeof REDUCTIONS;
  /** Share of the target that is spread over all classes; 0 unless said. */
  labelSmoothing?: number;
}
const entropy = optionsOf<CrossEntropy>({ weight: true, reduction: true, labelSmoothing: true });
/** −log softmax(logits)[label], the mean unless said. logits: [batch, classes]; labels: int64 [batch]. */
export const crossEntropy = (logits: Tensor, labels: Tensor, options: CrossEntropy = {}): Tensor => {
  const { weight = null, reduction = 'mean', labelSmoothing = 0 } = entropy(options, 'take crossEntropy');
  return crossEntropyOp(logits, labels, weight, REDUCTIONS[reduction], -100, labelSmoothing);
};

const padOp = tensorOp('aten::constant_pad_nd', 'self', 'pad', 'value');
interface Padding {
  left?: number;
  right?: number;
  top?: number;
  bottom?: number;
  /** Channels of zeros before the image's. */
  before?: number;
  /** Channels of zeros after the image's. */
  after?: number;
}
const paddings = optionsOf<Padding>({ left: true, right: true, top: true, bottom: true, before: true, after: true });
/** Surrounds images with zeros, and puts channels of zeros before and after theirs. x: [..., channels, h, w] */
export const zeroPad = (x: Tensor, options: Padding = {}): Tensor => {
  const { left = 0, right = 0, top = 0, bottom = 0, before = 0, after = 0 } = paddings(options, 'pad');
  return padOp(x, [left, right, top, bottom, ...(before > 0 || after > 0 ? [before, after] : [])], 0);
};
