import type { Tensor } from '../tensor/index.js';

/** Labels of a batch, and how much each counts. The shares of one batch's targets add up to 1. */
export interface Target {
  /** int64 [batch] */
  readonly labels: Tensor;
  /** One number, or one per image: [batch] */
  readonly share: number | Tensor;
}

/** A batch on the engine's side. */
export interface TensorBatch {
  /** [batch, channels, h, w], normalised, channels-last */
  readonly images: Tensor;
  readonly targets: readonly Target[];
}
