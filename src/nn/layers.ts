import { batchNorm as aten, conv2d, linear, mul, type NormState, type Tensor } from '../tensor/index.js';
import type { Parameter, Store } from './parameters.js';

/** A layer ready to run. */
export type Layer = (x: Tensor) => Tensor;

export interface ConvShape {
  input: number;
  output: number;
  kernel: number;
  stride?: number;
  dilation?: number;
  groups?: number;
}

/** The weight of a convolution. [output, input / groups, kernel, kernel] */
export const convWeight = (store: Store, { input, output, kernel, groups = 1 }: ConvShape): Parameter =>
  store.weight('weight', [output, input / groups, kernel, kernel], {
    uniform: 1 / Math.sqrt((input / groups) * kernel * kernel),
  });

/** A convolution without bias that keeps the image size (but for its stride). Starts uniform in ±1/√fan-in, as PyTorch does. */
export const conv = (store: Store, shape: ConvShape): Layer => {
  const { kernel, stride = 1, dilation = 1, groups = 1 } = shape;
  const weight = convWeight(store, shape);
  const padding = (dilation * (kernel - 1)) / 2;
  return (x) => conv2d(x, weight.value, { stride, padding, dilation, groups });
};

/** A batch norm that can scale what it normalises in the same pass. */
export interface BatchNorm {
  /** Normalised x, times the one-element tensor `scale` if given. x: [batch, channels, h, w] */
  readonly affine: boolean;
  apply(x: Tensor, scale?: Tensor): Tensor;
  /** For fused operations, which normalise while they read: how, in this pass. */
  state(): NormState;
}

/** Batch normalisation (momentum 0.1, ε 1e-5). DARTS searches without `affine` and trains derived networks with it. */
export const batchNorm = (store: Store, { channels, affine }: { channels: number; affine: boolean }): BatchNorm => {
  const { root, component } = store;
  const runningMean = store.buffer('running_mean', [channels], 0);
  const runningVar = store.buffer('running_var', [channels], 1);
  const normalise = (x: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor =>
    aten(x, { weight, bias, runningMean, runningVar, training: root.trains(component) });
  const running = () => ({ runningMean, runningVar, ofBatch: root.trains(component) });
  if (affine) {
    const weight = store.weight('weight', [channels], { constant: 1 });
    const bias = store.weight('bias', [channels], { constant: 0 });
    return {
      affine,
      apply: (x, scale) => {
        const y = normalise(x, weight.value, bias.value);
        return scale === undefined ? y : mul(y, scale);
      },
      state: () => ({ ...running(), gamma: weight.value, beta: bias.value }),
    };
  }
  const unit = root.unit(channels);
  // w · BN(x) is the batch norm of x whose gain is w in every channel: no scaled copy of the image is made, and the gradient of w
  // is the sum of the gains' gradients, which the backward pass has at hand.
  return {
    affine,
    apply: (x, scale) => normalise(x, scale === undefined ? null : mul(unit, scale), null),
    state: () => ({ ...running(), gamma: null, beta: null }),
  };
};

/** A fully connected layer with bias. */
export const fullyConnected = (store: Store, { input, output }: { input: number; output: number }): Layer => {
  const init = { uniform: 1 / Math.sqrt(input) };
  const weight = store.weight('weight', [output, input], init);
  const bias = store.weight('bias', [output], init);
  return (x) => linear(x, weight.value, { bias: bias.value });
};
