import { inPlace, norm, type Tensor } from '../tensor/index.js';

/**
 * Scales `gradient` down in place to at most `max` in Euclidean norm, as PyTorch's clip_grad_norm_ does. Returns the
 * norm before.
 */
export const clipNorm = (gradient: Tensor, { max }: { max: number }): number => {
  const length = norm(gradient);
  const total = length.item();
  length.dispose();
  const factor = max / (total + 1e-6);
  if (factor < 1) inPlace.mul(gradient, factor);
  return total;
};
