import { conv2d, type Reads, relu, scope, type Tensor } from '../tensor/index.js';
import { type BatchNorm, convWeight } from './layers.js';
import type { Store } from './parameters.js';

/** Half of a separable convolution: ReLU, a depthwise and then a pointwise convolution; the image keeps its size but for the stride. */
export interface SeparableHalf {
  /** Of a ReLU's result. [batch, channels, h, w] → [batch, channels, ⌈h / stride⌉, ⌈w / stride⌉] */
  of(relu: Tensor): Tensor;
  /** Of a raw tensor through its batch norm and a ReLU. */
  afterNorm(raw: Tensor, norm: BatchNorm): Tensor;
  /** The same as a fused reader: `of` is what it computes. */
  reads(): Reads;
}

/** Builds it with its two weights at the places `at` and `at + 1` of the store. */
export const separableHalf = (
  store: Store,
  at: number,
  {
    channels,
    kernel,
    stride = 1,
    dilation = 1,
  }: { channels: number; kernel: number; stride?: 1 | 2; dilation?: number },
): SeparableHalf => {
  const shape = { input: channels, output: channels };
  const depthwise = convWeight(store.child(at), { ...shape, kernel, groups: channels });
  const pointwise = convWeight(store.child(at + 1), { ...shape, kernel: 1 });
  const padding = (dilation * (kernel - 1)) / 2;
  const of = (x: Tensor): Tensor =>
    conv2d(conv2d(x, depthwise.value, { stride, padding, dilation, groups: channels }), pointwise.value);
  return {
    of,
    // The ReLU's result is all that the backward pass needs; the normalised tensor before it goes at once.
    afterNorm: (raw, norm) => of(scope(() => relu(norm.apply(raw)))),
    reads: () => ({ kind: 'separable', depthwise: depthwise.value, pointwise: pointwise.value, stride, dilation }),
  };
};
