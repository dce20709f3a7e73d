import { add, clone, div, inPlace, scope, sqrt, type Tensor, zeros, zerosLike } from '../tensor/index.js';
import type { Optimizer } from './optimizer.js';

/** Adam with L2 decay added to the gradient, as PyTorch's: x ← x − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε). */
export const adam = (
  x: Tensor,
  {
    betas = [0.9, 0.999],
    weightDecay = 0,
    eps = 1e-8,
  }: { betas?: readonly [number, number]; weightDecay?: number; eps?: number } = {},
): Optimizer => {
  const [beta1, beta2] = betas;
  const first = zerosLike(x);
  const second = zerosLike(x);
  const steps = zeros([1], { dtype: 'float64' });
  return {
    state: { first, second, steps },
    step: (gradient, { lr }) =>
      scope(() => {
        const g = clone(gradient);
        inPlace.add(g, x, { alpha: weightDecay });
        inPlace.copy(steps, add(steps, 1));
        const t = steps.item();
        inPlace.mul(first, beta1);
        inPlace.add(first, g, { alpha: 1 - beta1 });
        inPlace.mul(second, beta2);
        inPlace.addcmul(second, g, g, { value: 1 - beta2 });
        const spread = add(div(sqrt(second), Math.sqrt(1 - beta2 ** t)), eps);
        inPlace.addcdiv(x, first, spread, { value: -lr / (1 - beta1 ** t) });
      }),
  };
};
