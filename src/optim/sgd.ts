import { clone, inPlace, scope, type Tensor, zerosLike } from '../tensor/index.js';
import type { Optimizer } from './optimizer.js';

/** SGD with momentum and L2 decay: b ← μ b + (g + λ x); x ← x − lr · b. `state.momentum` is b, which second-order DARTS needs. */
export const sgd = (
  x: Tensor,
  { momentum = 0, weightDecay = 0 }: { momentum?: number; weightDecay?: number } = {},
): Optimizer & { readonly state: { readonly momentum: Tensor } } => {
  const buffer = zerosLike(x);
  return {
    state: { momentum: buffer },
    step: (gradient, { lr }) =>
      scope(() => {
        const decayed = clone(gradient);
        inPlace.add(decayed, x, { alpha: weightDecay });
        inPlace.mul(buffer, momentum);
        inPlace.add(buffer, decayed);
        inPlace.add(x, buffer, { alpha: -lr });
      }),
  };
};
