import { effective, type Sampling } from './sampler.js';

/** How often each sampling draws a class, up to a factor, from how many images the class has. */
const DRAWN: Readonly<Record<Sampling, (count: number) => number>> = {
  instance: (count) => count,
  class: () => 1,
  reversed: (count) => 1 / count,
  'square-root': Math.sqrt,
  'effective-number': (count) => count / effective(count),
  under: () => 1,
};

/** The shares of classes in batches of a sampling; they add up to 1. */
export const drawnShares = (sampling: Sampling, counts: readonly number[]): number[] => {
  const drawn = counts.map(DRAWN[sampling]);
  const all = drawn.reduce((a, b) => a + b, 0);
  return drawn.map((n) => n / all);
};
