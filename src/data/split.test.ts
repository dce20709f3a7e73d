import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countLabels } from './source.js';
import { heldCount, splitClasses } from './split.js';

const labelsOf = (sizes: readonly number[]) =>
  Uint16Array.from(sizes.flatMap((size, c) => Array<number>(size).fill(c)));
const of = (labels: Uint16Array, indices: Uint32Array) => Uint16Array.from(indices, (index) => labels[index] ?? 0);

describe('splitClasses', () => {
  it('gives 4000 ... 40 to train on at CIFAR-10 ratio 100', () => {
    const counts = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50];
    const labels = labelsOf(Array<number>(10).fill(5000));
    const { rest, held } = splitClasses(labels, { counts, share: 0.2, seed: 0, stream: 'valid' });
    expect(countLabels(of(labels, rest), 10)).toEqual([4000, 2398, 1437, 862, 516, 310, 186, 111, 66, 40]);
    expect(countLabels(of(labels, held), 10)).toEqual([1000, 599, 359, 215, 129, 77, 46, 28, 17, 10]);
  });

  it('shares out the asked images once each, with every class on both sides', () => {
    const sizes = fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.nat(), (counts, share, seed) => {
        const labels = labelsOf(counts.map((count) => count + 5));
        const { rest, held } = splitClasses(labels, { counts, share, seed, stream: 's' });
        const all = [...rest, ...held];
        expect(new Set(all).size).toBe(all.length);
        expect(countLabels(of(labels, Uint32Array.from(all)), counts.length)).toEqual(counts);
        expect(new Set(of(labels, rest)).size).toBe(counts.length);
        expect(new Set(of(labels, held)).size).toBe(counts.length);
      }),
    );
  });

  it('repeats a seed, and another seed chooses other images', () => {
    const labels = labelsOf([100, 100]);
    const split = (seed: number) => splitClasses(labels, { counts: [50, 20], share: 0.2, seed, stream: 'valid' });
    expect(split(3)).toEqual(split(3));
    expect(split(3).rest).not.toEqual(split(4).rest);
  });

  it('keeps a subset when a class keeps fewer, and chooses independently in each class', () => {
    const labels = labelsOf([60, 60]);
    const chosen = (counts: number[]) => {
      const { rest, held } = splitClasses(labels, { counts, share: 0.2, seed: 1, stream: 'valid' });
      return [...rest, ...held].sort((a, b) => a - b);
    };
    const many = chosen([30, 30]);
    expect(many).toEqual(expect.arrayContaining(chosen([30, 10])));
    expect(many.slice(30).map((index) => index - 60)).not.toEqual(many.slice(0, 30));
  });

  it('refuses shares that leave a side empty', () => {
    for (const share of [0, 1, -1, Number.NaN]) expect(() => heldCount(10, share)).toThrow('must be between 0 and 1');
  });
});
