import { batchNorm, conv2d, linear, mul, type Tensor } from '../tensor/index.js';
import type { Init, Parameter, Store } from './parameters.js';
import type { Pass } from './pass.js';

/** A layer ready to run. */
export type Layer = (x: Tensor) => Tensor;

/** The sizes of a convolution. */
export interface ConvShape {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
  /** How the weight starts: uniform in ±1/√fan-in unless said, as in PyTorch. */
  readonly init?: Init;
}

/** The weight of a convolution. [output, input / groups, kernel, kernel] */
export const convWeight = (store: Store, { input, output, kernel, groups = 1, init }: ConvShape): Parameter => {
  const fanIn = (input / groups) * kernel * kernel;
  return store.weight('weight', [output, input / groups, kernel, kernel], init ?? { uniform: 1 / Math.sqrt(fanIn) });
};

/** A convolution without bias, padded so that only the stride changes the size of the image. */
export const conv = (store: Store, shape: ConvShape): Layer => {
  const { kernel, stride = 1, dilation = 1, groups = 1 } = shape;
  const weight = convWeight(store, shape);
  const padding = (dilation * (kernel - 1)) / 2;
  return (x) => conv2d(x, weight.value, { stride, padding, dilation, groups });
};

/** A batch norm as fused operations take it. */
export interface NormState {
  /** [channels] */
  readonly runningMean: Tensor;
  /** [channels] */
  readonly runningVar: Tensor;
  /** Whether it uses the batch's statistics, and moves the running ones by a tenth; else it uses the running ones. */
  readonly ofBatch: boolean;
  /** The factor of each channel, 1 where there is none: [channels]. */
  readonly gamma: Tensor | null;
  /** What is added to each channel, 0 where there is none: [channels]. */
  readonly beta: Tensor | null;
}

/** A batch norm that can scale what it normalises at no further cost. */
export interface BatchNorm {
  /** Normalised x, times the one-element tensor `scale` if given. x: [batch, channels, h, w] */
  apply(x: Tensor, pass: Pass, scale?: Tensor): Tensor;
  /** How it normalises in this pass, for fused operations, which normalise while they read. */
  state(pass: Pass): NormState;
}

/** Throws a RangeError where a batch has one value per channel, whose deviation is 0. shape: [batch, channels, h, w] */
export const requireSeveral = (shape: readonly number[]): void => {
  if (shape.every((size, dim) => dim === 1 || size === 1))
    throw new RangeError(
      `Cannot normalise a batch: it must have more than 1 value per channel, got [${shape.join(', ')}]; ` +
        'use a larger --batch-size',
    );
};

/** Batch normalisation (momentum 0.1, ε 1e-5). DARTS searches without `affine` and trains derived networks with it. */
export const batchNormLayer = (
  store: Store,
  { channels, affine }: { channels: number; affine: boolean },
): BatchNorm => {
  const { root, component } = store;
  const runningMean = store.buffer('running_mean', [channels], 0);
  const runningVar = store.buffer('running_var', [channels], 1);
  const ofBatch = (pass: Pass): boolean => root.trains(component, pass);
  const normalise = (x: Tensor, pass: Pass, [weight, bias]: readonly [Tensor | null, Tensor | null]): Tensor => {
    const training = ofBatch(pass);
    if (training) requireSeveral(x.shape);
    return batchNorm(x, { weight, bias, runningMean, runningVar, training });
  };
  if (affine) {
    const weight = store.weight('weight', [channels], { constant: 1 });
    const bias = store.weight('bias', [channels], { constant: 0 });
    return {
      apply: (x, pass, scale) => {
        const y = normalise(x, pass, [weight.value, bias.value]);
        return scale === undefined ? y : mul(y, scale);
      },
      state: (pass) => ({ runningMean, runningVar, ofBatch: ofBatch(pass), gamma: weight.value, beta: bias.value }),
    };
  }
  const unit = root.unit(channels);
  // w · BN(x) is the batch norm of x whose gain is w in every channel. So no scaled copy of the image is made. The
  // gradient of w is the sum of the gains' gradients, which the backward pass computes anyway.
  return {
    apply: (x, pass, scale) => normalise(x, pass, [scale === undefined ? null : mul(unit, scale), null]),
    state: (pass) => ({ runningMean, runningVar, ofBatch: ofBatch(pass), gamma: null, beta: null }),
  };
};

/** A fully connected layer with bias: [batch, input] → [batch, output]. Uniform in ±1/√input unless said. */
export const fullyConnected = (
  store: Store,
  { input, output, init }: { input: number; output: number; init?: Init },
): Layer => {
  const uniform = { uniform: 1 / Math.sqrt(input) };
  const weight = store.weight('weight', [output, input], init ?? uniform);
  const bias = store.weight('bias', [output], uniform);
  return (x) => linear(x, weight.value, { bias: bias.value });
};
