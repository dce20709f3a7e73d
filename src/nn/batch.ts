import type { Tensor } from '../tensor/index.js';

/** Labels of a batch, and how much they count: a mixed image has several targets. */
export interface Target {
  /** int64 [batch] */
  readonly labels: Tensor;
  /** In [0, 1], one number or one per image: [batch]. The shares of a batch's targets add up to 1. */
  readonly share: number | Tensor;
}

/** A batch as networks and losses take it. */
export interface TensorBatch {
  /** [batch, channels, h, w], normalised, channels-last */
  readonly images: Tensor;
  readonly targets: readonly Target[];
}
