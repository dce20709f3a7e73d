import type { Pass } from '../nn/index.js';
import { add, clamp, div, inPlace, noGrad, sum, type Tensor, zerosLike } from '../tensor/index.js';

const LEAST_SUM = 1e-6;

/**
 * The operation weights in training, so that alpha does not settle where a small change has a large effect
 * (SmoothDARTS, random smoothing; Chen & Hsieh 2020): w + U(−ε, ε), clamped to [0, 1], each row divided by its sum. ε
 * is the knob `perturbation`, 0 by default. Only training passes are perturbed. weights: [edges, primitives], rows that
 * add up to 1.
 */
export const perturbed = (weights: Tensor, { training, knobs }: Pass): Tensor => {
  const radius = knobs['perturbation'] ?? 0;
  if (!training || radius === 0) return weights;
  const noise = noGrad(() => {
    const x = zerosLike(weights);
    inPlace.uniform(x, -radius, radius);
    return x;
  });
  const moved = clamp(add(weights, noise), { least: 0, most: 1 });
  // Noise as large as all weights of a row can take them all to 0, which is left at 0.
  return div(
    moved,
    clamp(sum(moved, { dim: -1, keepdim: true }), { least: LEAST_SUM, most: Number.POSITIVE_INFINITY }),
  );
};
