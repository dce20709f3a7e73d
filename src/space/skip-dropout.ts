import { inPlace, mul, noGrad, type Tensor, zerosLike } from '../tensor/index.js';

/**
 * Dropout on what a skip connection hands on, element by element: x · mask / (1 − p), each entry of the mask 1 with
 * probability 1 − p (P-DARTS; Chen et al. 2019). A search that may not lean on skips trains its other operations.
 * Throws a RangeError unless p is in [0, 1).
 */
export const dropout = (x: Tensor, p: number): Tensor => {
  if (!(p >= 0 && p < 1)) throw new RangeError(`Cannot drop out: the probability must be in [0, 1), got ${p}`);
  if (p === 0) return x;
  const mask = noGrad(() => {
    const drawn = zerosLike(x);
    inPlace.bernoulli(drawn, 1 - p);
    inPlace.mul(drawn, 1 / (1 - p));
    return drawn;
  });
  return mul(x, mask);
};
