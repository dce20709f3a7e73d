import { describe, expect, it } from 'vitest';
import { drawnShares } from './drawn-shares.js';
import { sampler, samplings } from './sampler.js';

const COUNTS = [60, 30, 10];
const LABELS = Uint16Array.from(COUNTS.flatMap((n, c) => new Array<number>(n).fill(c)));
const DRAWS = 20_000;

describe('the shares of classes in batches', () => {
  it.each(samplings)('are what the sampler draws: %s', (sampling) => {
    const drawn = sampler(sampling, LABELS, { classes: 3, seed: 1, stream: 'train' }).next(DRAWS);
    const found = COUNTS.map((_, c) => drawn.filter((index) => LABELS[index] === c).length / DRAWS);
    const shares = drawnShares(sampling, COUNTS);
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    for (const [c, share] of shares.entries()) expect(Math.abs((found[c] ?? 0) - share)).toBeLessThan(0.015);
  });
});
