import type { Tensor } from '../tensor/index.js';

/** What a batch's images are to be classified as, and how much of the loss that is. The shares of a batch's targets add up to 1. */
export interface Target {
  readonly labels: Tensor; // [batch], int64
  /** One for all images, or one per image: [batch] */
  readonly share: number | Tensor;
}

/** A batch on the engine's side. */
export interface TensorBatch {
  readonly images: Tensor; // [batch, channels, h, w], normalised, channels-last
  readonly targets: readonly Target[];
}
