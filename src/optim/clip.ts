import { inPlace, norm, type Tensor } from '../tensor/index.js';

/** Scales `gradient` in place to a norm of at most `max`, as PyTorch's clip_grad_norm_. Returns the norm before. */
export const clipNorm = (gradient: Tensor, { max }: { max: number }): number => {
  const length = norm(gradient);
  const total = length.item();
  length.dispose();
  const factor = max / (total + 1e-6);
  if (factor < 1) inPlace.mul(gradient, factor);
  return total;
};
