import type { Rng } from '../data/index.js';

/** A number in (0, 1], so that it has a logarithm. */
const positive = (rng: Rng): number => 1 - rng.uniform();

/** A standard normal number (Box and Muller). */
const normal = (rng: Rng): number => Math.sqrt(-2 * Math.log(positive(rng))) * Math.cos(2 * Math.PI * rng.uniform());

/** The logarithm of a Gamma(shape + 1) number (Marsaglia and Tsang 2000). */
const logGammaAbove1 = (shape: number, rng: Rng): number => {
  const d = shape + 2 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(rng);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(positive(rng)) < x ** 2 / 2 + d * (1 - v + Math.log(v))) return Math.log(d * v);
  }
};

/** log Gamma(a), from Gamma(a) = Gamma(a + 1) · U^(1/a): as a logarithm it does not vanish for a small `a`. */
const logGamma = (a: number, rng: Rng): number => logGammaAbove1(a, rng) + Math.log(positive(rng)) / a;

/** Draws from Beta(alpha, alpha) as G₁/(G₁ + G₂), two Gamma numbers: how much of an image is kept when it is mixed. */
export const drawBeta = (alpha: number, rng: Rng): number => {
  const [first, second] = [logGamma(alpha, rng), logGamma(alpha, rng)];
  return 1 / (1 + Math.exp(second - first));
};
