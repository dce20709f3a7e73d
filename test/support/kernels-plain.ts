import type { NormState } from '../../src/nn/index.js';
import { nodeSum, type Reads, readSource } from '../../src/space/index.js';
import {
  abs,
  add,
  avgPool2d,
  batchNorm,
  cat,
  clone,
  conv2d,
  detach,
  maxPool2d,
  mean,
  mul,
  narrow,
  noGrad,
  relu,
  rsqrt,
  select,
  square,
  stack,
  sub,
  type Tensor,
  zeroPad,
  zeros,
} from '../../src/tensor/index.js';
import { EPSILON } from './kernels-cases.js';

// The fused operations written with ATen's operators: their definition, for any element type.

/** The wrappers of the fused operations, or what stands in for them. */
export interface Ops {
  readonly readSource: typeof readSource;
  readonly nodeSum: typeof nodeSum;
}
export const fusedOps: Ops = { readSource, nodeSum };

/** What is read from x, before any norm. */
const readPlain = (x: Tensor, reads: Reads): Tensor => {
  switch (reads.kind) {
    case 'separable': {
      const { stride, dilation } = reads;
      const [depthwise, pointwise] = [reads.depthwise.value, reads.pointwise.value];
      const [channels = 0, , kernel = 0] = depthwise.shape;
      const padding = (dilation * (kernel - 1)) / 2;
      return conv2d(conv2d(relu(x), depthwise, { stride, padding, dilation, groups: channels }), pointwise);
    }
    case 'dense': {
      const { stride, dilation, weight } = reads;
      const padding = (dilation * ((weight.value.shape[2] ?? 1) - 1)) / 2;
      return conv2d(relu(x), weight.value, { stride, padding, dilation });
    }
    case 'pointwise':
      return conv2d(relu(x), reads.weight.value);
    case 'reduction': {
      const [first, second] = reads.weights;
      const [, , h = 0, w = 0] = x.shape;
      const shifted = narrow(narrow(zeroPad(relu(x), { right: 1, bottom: 1 }), 2, 1, h), 3, 1, w);
      return cat([conv2d(relu(x), first.value, { stride: 2 }), conv2d(shifted, second.value, { stride: 2 })], {
        dim: 1,
      });
    }
    case 'max':
      return maxPool2d(x, { kernel: 3, stride: reads.stride, padding: 1 });
    case 'avg':
      return avgPool2d(x, { kernel: 3, stride: reads.stride, padding: 1 });
    case 'relu':
      return relu(x);
    default:
      return x;
  }
};

/**
 * The moments of a result: its own, which move the running ones, or the running ones. [3, channels], [1, channels] of
 * zeros without a norm
 */
const momentsOf = (raw: Tensor, norm: NormState | undefined): Tensor =>
  noGrad(() => {
    if (norm === undefined) return zeros([1, raw.shape[1] ?? 0], { dtype: raw.dtype });
    const { runningMean, runningVar, ofBatch } = norm;
    if (!ofBatch) return stack([runningMean, runningVar, rsqrt(add(runningVar, EPSILON))]);
    batchNorm(detach(raw), { runningMean, runningVar, training: true, eps: EPSILON });
    const image = { dim: [0, 2, 3], keepdim: true };
    const centre = mean(raw, image);
    const variance = mean(square(sub(raw, centre)), { dim: [0, 2, 3] });
    return stack([mean(raw, { dim: [0, 2, 3] }), variance, rsqrt(add(variance, EPSILON))]);
  });

/**
 * `held`: statistics are constants and weights positive. What its gradients come to is then as large as the terms that
 * cancel in those through the statistics, and of a term that is there twice.
 */
export const plainOps = ({ held = false } = {}): Ops => {
  const normed = (
    x: Tensor,
    moments: Tensor,
    norm: { ofBatch: boolean; gamma: Tensor | null; beta: Tensor | null },
  ): Tensor =>
    batchNorm(x, {
      weight: norm.gamma,
      bias: norm.beta,
      runningMean: clone(select(moments, 0, 0)),
      runningVar: clone(select(moments, 0, 1)),
      training: norm.ofBatch && !held,
      eps: EPSILON,
    });
  return {
    readSource: (parts, readers, { after } = {}) => {
      const x = cat(parts, { dim: 1 });
      const source = after === undefined ? x : normed(x, after.moments, after.norm);
      return readers.map(({ reads, norm, copies = 1 }) => {
        const raw = readPlain(source, reads);
        const reading = { raw, moments: momentsOf(raw, norm), relu: false };
        return Array.from({ length: copies }, () => reading);
      });
    },
    nodeSum: (terms, { weights, ofBatch }) =>
      terms
        .map(({ raw, moments, gamma = null, beta = null }, i) => {
          const value = moments?.shape[0] === 3 ? normed(raw, moments, { ofBatch, gamma, beta }) : raw;
          const weight = select(weights, 0, i);
          return mul(value, held ? abs(weight) : weight);
        })
        .reduce((sum, term) => add(sum, term)),
  };
};
