import { expect, it } from 'vitest';
import { Rng } from '../data/index.js';
import { drawBeta } from './beta.js';

const DRAWS = 20_000;

/** The distribution function of Beta(a, a) by x = sin²(θ): its integrand has no poles for a >= 0.5. */
const distribution = (a: number): ((x: number) => number) => {
  const steps = 4_000;
  const sums = new Float64Array(steps + 1);
  const h = Math.PI / 2 / steps;
  for (let i = 1; i <= steps; i++)
    sums[i] = (sums[i - 1] ?? 0) + (Math.sin((i - 0.5) * h) * Math.cos((i - 0.5) * h)) ** (2 * a - 1);
  return (x) => (sums[Math.round(Math.asin(Math.sqrt(x)) / h)] ?? 0) / (sums[steps] ?? 1);
};

it.each([0.5, 1, 2, 8])('Beta(%f, %f) has its distribution', (alpha) => {
  const rng = new Rng(11);
  const draws = Array.from({ length: DRAWS }, () => drawBeta(alpha, rng)).sort((a, b) => a - b);
  const cdf = distribution(alpha);
  // Kolmogorov and Smirnov: 1.95 / √n is exceeded once in a thousand times.
  const distance = Math.max(...draws.map((x, i) => Math.abs(cdf(x) - (i + 0.5) / DRAWS)));
  expect(distance).toBeLessThan(1.95 / Math.sqrt(DRAWS));
});

it.each([1e-3, 0.01, 0.2, 1, 50, 1e4])('Beta(%f, %f) stays in [0, 1], with its mean and variance', (alpha) => {
  const rng = new Rng(12);
  const draws = Array.from({ length: DRAWS }, () => drawBeta(alpha, rng));
  expect(draws.every((x) => x >= 0 && x <= 1)).toBe(true);
  const variance = 1 / (4 * (2 * alpha + 1));
  const mean = draws.reduce((a, b) => a + b) / DRAWS;
  expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(variance / DRAWS));
  const found = draws.reduce((sum, x) => sum + (x - 0.5) ** 2, 0) / DRAWS;
  expect(Math.abs(found / variance - 1)).toBeLessThan(0.06);
});
