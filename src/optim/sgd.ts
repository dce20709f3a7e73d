import { clone, inPlace, narrow, scope, type Tensor, zerosLike } from '../tensor/index.js';
import type { Optimizer } from './optimizer.js';

/** An optimizer of a vector, parts of which can be left out of a step. */
export interface VectorOptimizer extends Optimizer {
  /**
   * Without `ranges` all of the vector moves; with them only these parts of it, [start, length] each: the rest keeps
   * its value and its momentum.
   */
  step(gradient: Tensor, options: { lr: number; ranges?: readonly (readonly [start: number, length: number])[] }): void;
  readonly state: {
    /** Of the vector's shape. */
    readonly momentum: Tensor;
  };
}

/**
 * SGD with momentum and L2 decay: b ← μ b + (g + λ x); x ← x − lr · b. `state.momentum` is b, which second-order DARTS
 * needs.
 */
export const sgd = (
  x: Tensor,
  { momentum = 0, weightDecay = 0 }: { momentum?: number; weightDecay?: number } = {},
): VectorOptimizer => {
  const buffer = zerosLike(x);
  return {
    state: { momentum: buffer },
    step: (gradient, { lr, ranges }) =>
      scope(() => {
        const move = (value: Tensor, by: Tensor, remembered: Tensor): void => {
          const decayed = clone(by);
          inPlace.add(decayed, value, { alpha: weightDecay });
          inPlace.mul(remembered, momentum);
          inPlace.add(remembered, decayed);
          inPlace.add(value, remembered, { alpha: -lr });
        };
        if (ranges === undefined) return move(x, gradient, buffer);
        for (const [start, length] of ranges) {
          const part = (of: Tensor): Tensor => narrow(of, 0, start, length);
          move(part(x), part(gradient), part(buffer));
        }
      }),
  };
};
