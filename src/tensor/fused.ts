import { noGrad } from './autograd.js';
import { firstLine } from './engine/errors.js';
import { native } from './native.js';
import { tensorOp, tensorsOp, voidOp } from './operator.js';
import { channelsLast } from './ops.js';
import type { Tensor } from './tensor.js';

// The fused operations of native/kernels: float32 images on the CPU, channels innermost. What each computes is written with plain operators in src/nn and src/space.

/** How to normalise a tensor while it is read: (x − mean) · invstd · gamma + beta, each a value a channel. */
export interface Stats {
  readonly mean: Tensor;
  readonly invstd: Tensor;
  readonly gamma: Tensor | null;
  readonly beta: Tensor | null;
  /** Whether mean and invstd are x's own, so that its gradient goes through them as well. */
  readonly ofBatch: boolean;
}

/** Whether fused operations are wanted: `TAILNAS_KERNELS=composite` turns them off; avx512, avx2 and portable choose an instruction set. */
export const fusedByDefault = (): boolean => process.env['TAILNAS_KERNELS'] !== 'composite';

/** TAILNAS_KERNELS names kernels that there are not, or not on this processor. */
export class UnknownKernelsError extends Error {
  override readonly name = 'UnknownKernelsError';
}

/** What computes here: `fused, avx512` (or another instruction set), or `plain`. Throws an UnknownKernelsError. */
export const kernels = (): string => {
  if (!fusedByDefault()) return 'plain';
  const engine = native();
  try {
    return `fused, ${engine.kernels()}`;
  } catch (error) {
    throw new UnknownKernelsError(firstLine(error), { cause: error });
  }
};

const sepHalfOp = tensorOp(
  'tailnas::sep_half',
  'x',
  'mean',
  'invstd',
  'gamma',
  'beta',
  'depthwise',
  'pointwise',
  'stride',
  'dilation',
  'batch_stats',
);
/** Normalisation (if `stats` are given), ReLU, depthwise and pointwise convolution in one pass; nothing in between is stored. x: [batch, in, h, w] → [batch, out, ⌈h / stride⌉, ⌈w / stride⌉] */
export const sepHalf = (
  x: Tensor,
  {
    stats,
    depthwise,
    pointwise,
    stride = 1,
    dilation = 1,
  }: { stats?: Stats; depthwise: Tensor; pointwise: Tensor; stride?: number; dilation?: number },
): Tensor =>
  sepHalfOp(
    channelsLast(x),
    stats?.mean ?? null,
    stats?.invstd ?? null,
    stats?.gamma ?? null,
    stats?.beta ?? null,
    depthwise,
    pointwise,
    stride,
    dilation,
    stats?.ofBatch ?? false,
  );

const statsOp = tensorsOp('tailnas::channel_stats', 'x', 'eps');
const updateOp = voidOp('tailnas::update_running_', 'running_mean', 'running_var', 'mean', 'var', 'momentum', 'count');
/** Mean and 1 / √(variance + ε) of each channel, over batch and image; moves the running statistics as batch norm does. x: [batch, channels, h, w] */
export const channelStats = (
  x: Tensor,
  {
    runningMean,
    runningVar,
    momentum = 0.1,
    eps = 1e-5,
  }: { runningMean: Tensor; runningVar: Tensor; momentum?: number; eps?: number },
): { mean: Tensor; invstd: Tensor } => {
  const [n = 0, , h = 0, w = 0] = x.shape;
  return noGrad(() => {
    const [mean, variance, invstd] = statsOp(channelsLast(x), eps);
    if (mean === undefined || variance === undefined || invstd === undefined)
      throw new Error('Cannot normalise: channel_stats must return three tensors');
    updateOp(runningMean, runningVar, mean, variance, momentum, n * h * w);
    return { mean, invstd };
  });
};

const nodeSumOp = tensorOp('tailnas::node_sum', 'raws', 'means', 'invstds', 'weights', 'batch_stats');
/** Σ weights[k] · normalised raws[k], in one pass; a raw without stats counts as it is. raws: [batch, channels, h, w] each; weights: [k] */
export const nodeSum = (
  raws: readonly Tensor[],
  { stats, weights, ofBatch }: { stats: readonly (Stats | undefined)[]; weights: Tensor; ofBatch: boolean },
): Tensor =>
  nodeSumOp(
    raws.map(channelsLast),
    stats.map((s) => s?.mean ?? null),
    stats.map((s) => s?.invstd ?? null),
    weights,
    ofBatch,
  );

const maxPoolOp = tensorOp('tailnas::max_pool_3x3', 'x', 'stride');
const avgPoolOp = tensorOp('tailnas::avg_pool_3x3', 'x', 'stride');
/** 3×3 pooling with padding 1; the mean does not count the padding. */
export const pool3x3 = {
  max: (x: Tensor, stride: number): Tensor => maxPoolOp(channelsLast(x), stride),
  avg: (x: Tensor, stride: number): Tensor => avgPoolOp(channelsLast(x), stride),
};
