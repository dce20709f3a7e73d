import type { Tensor } from '../tensor/index.js';

/** From logits [batch, classes] and labels [batch] (int64) to a scalar. */
export type Criterion = (logits: Tensor, labels: Tensor) => Tensor;

/** A loss that may depend on how many training images each class has. */
export interface Loss {
  readonly label: string;
  build(counts: readonly number[]): Criterion;
}
