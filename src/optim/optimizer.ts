import type { Tensor } from '../tensor/index.js';

/**
 * Changes a tensor by its gradient, in place. What it remembers between steps is in `state`, by name, for checkpoints.
 */
export interface Optimizer {
  /** One update of the tensor with learning rate `lr`; call it under noGrad. */
  step(gradient: Tensor, options: { lr: number }): void;
  /** Tensors to save and to restore in place, of any shape. */
  readonly state: Readonly<Record<string, Tensor>>;
}
