import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longTailCounts } from './long-tail.js';

const equal = (classes: number, images: number) => Array<number>(classes).fill(images);
const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
const exp = (available: readonly number[], imbalanceRatio: number) =>
  longTailCounts(available, { imbalance: 'exp', imbalanceRatio });

describe('longTailCounts', () => {
  it('is CIFAR-10-LT and CIFAR-100-LT to the image', () => {
    expect(exp(equal(10, 5000), 100)).toEqual([5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]);
    expect([100, 50, 10].map((ratio) => sum(exp(equal(10, 5000), ratio)))).toEqual([12_406, 13_996, 20_431]);
    expect([100, 50, 10].map((ratio) => sum(exp(equal(100, 500), ratio)))).toEqual([10_847, 12_608, 19_573]);
  });

  it('ends exactly at head / ratio where that is an integer', () => {
    for (let ratio = 1; ratio <= 1000; ratio++) {
      expect(exp(equal(10, 7 * ratio), ratio).at(-1)).toBe(7);
    }
  });

  it('keeps all of the first half and thins the second with "step"', () => {
    const step = longTailCounts(equal(5, 100), { imbalance: 'step', imbalanceRatio: 10 });
    expect(step).toEqual([100, 100, 10, 10, 10]);
  });

  it('keeps what there is with "natural"', () => {
    expect(longTailCounts([9, 2, 40], { imbalance: 'natural', imbalanceRatio: 100 })).toEqual([9, 2, 40]);
  });

  it('never asks for more images than there are, falls along the tail, with the largest head that allows it', () => {
    const available = fc.array(fc.integer({ min: 400, max: 6000 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(
        available,
        fc.integer({ min: 1, max: 100 }),
        fc.constantFrom('exp', 'step'),
        (sizes, ratio, imbalance) => {
          const counts = longTailCounts(sizes, { imbalance, imbalanceRatio: ratio });
          expect(counts.every((count, c) => count <= (sizes[c] ?? 0))).toBe(true);
          expect(counts.every((count, c) => c === 0 || count <= (counts[c - 1] ?? 0))).toBe(true);
          const last = sizes.length - 1;
          const share = (c: number) =>
            imbalance === 'exp' ? ratio ** (-c / last) : c < Math.floor(sizes.length / 2) ? 1 : 1 / ratio;
          const larger = (counts[0] ?? 0) + 1;
          expect(sizes.some((size, c) => Math.floor(larger * share(c) * (1 + 1e-9)) > size)).toBe(true);
        },
      ),
    );
  });

  it('names the class that gets too few, and a ratio that works', () => {
    const classes = ['cat', 'dog', 'emu'];
    const make = (imbalanceRatio: number) =>
      longTailCounts([100, 100, 100], { imbalance: 'exp', imbalanceRatio, classes });
    expect(() => make(70)).toThrow(
      'Cannot make a long tail: class "emu" at imbalance ratio 70 gets 1 image, at least 2 are needed ' +
        '(one to train, one to validate); use a ratio of 50 or less',
    );
    expect(make(50).at(-1)).toBe(2);
    const natural = () => longTailCounts([5, 1], { imbalance: 'natural', imbalanceRatio: 1, classes });
    expect(natural).toThrow('Cannot split classes: class "dog" has 1 image, at least 2 are needed');
    expect(natural).toThrow('add images or remove the class');
  });

  it('refuses ratios below 1 and infinite ones', () => {
    for (const ratio of [0.99, 0, -5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => exp([10, 10], ratio)).toThrow(`must be a number >= 1, got ${ratio}`);
    }
  });
});
