import type { ParameterStore } from '../nn/index.js';
import { clone, inPlace, noGrad, norm, scope, type Tensor } from '../tensor/index.js';

const TINY = 1e-12; // as public code has it: a gradient of 0 moves nothing

/**
 * Sharpness-aware minimisation (Foret et al. 2021): what `again` comes to at w + ρ g/‖g‖, g being the gradient at w,
 * [store.size]. Afterwards the weights are w to the bit, and batch norms keep the running statistics that the pass at w
 * left.
 */
export const atSharpest = <T>(
  store: ParameterStore,
  { gradient, rho, again }: { gradient: Tensor; rho: number; again: () => T },
): T =>
  scope(() => {
    const [weights, buffers] = noGrad(() => [clone(store.flat), [...store.buffers.values()].map((b) => clone(b))]);
    noGrad(() => inPlace.add(store.flat, gradient, { alpha: rho / (norm(gradient).item() + TINY) }));
    try {
      return again();
    } finally {
      noGrad(() => {
        inPlace.copy(store.flat, weights);
        for (const [i, buffer] of [...store.buffers.values()].entries()) {
          const before = buffers[i];
          if (before !== undefined) inPlace.copy(buffer, before);
        }
      });
    }
  });
