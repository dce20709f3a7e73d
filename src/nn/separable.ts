import { conv2d, relu, scope, sepHalf, type Tensor } from '../tensor/index.js';
import { type BatchNorm, convWeight } from './layers.js';
import type { Store } from './parameters.js';

/** Half of a separable convolution: ReLU, a depthwise and then a pointwise convolution; the image keeps its size but for the stride. */
export interface SeparableHalf {
  /** Of x, whose ReLU may be at hand. x: [batch, channels, h, w] */
  of(x: { readonly x: Tensor; readonly relu: Tensor }): Tensor;
  /** Of a raw tensor through its batch norm. */
  afterNorm(raw: Tensor, norm: BatchNorm): Tensor;
}

/** Builds it with its two weights at the places `at` and `at + 1` of the store. The plain operators here are what the fused one computes. */
export const separableHalf = (
  store: Store,
  at: number,
  {
    channels,
    kernel,
    stride = 1,
    dilation = 1,
  }: { channels: number; kernel: number; stride?: number; dilation?: number },
): SeparableHalf => {
  const shape = { input: channels, output: channels };
  const depthwise = convWeight(store.child(at), { ...shape, kernel, groups: channels });
  const pointwise = convWeight(store.child(at + 1), { ...shape, kernel: 1 });
  const padding = (dilation * (kernel - 1)) / 2;
  const plain = (x: Tensor): Tensor =>
    conv2d(conv2d(x, depthwise.value, { stride, padding, dilation, groups: channels }), pointwise.value);
  const weights = () => ({ depthwise: depthwise.value, pointwise: pointwise.value, stride, dilation });
  return store.root.fused
    ? {
        of: ({ x }) => sepHalf(x, weights()),
        afterNorm: (raw, norm) => sepHalf(raw, { stats: norm.stats(raw), ...weights() }),
      }
    : {
        of: (source) => plain(source.relu),
        // The ReLU's result is all that the backward pass needs; the normalised tensor before it goes at once.
        afterNorm: (raw, norm) => plain(scope(() => relu(norm.apply(raw)))),
      };
};
