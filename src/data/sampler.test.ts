import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SamplerState, type Sampling, sampler, samplings } from './sampler.js';

const counts = [60, 25, 10, 5];
const labels = Uint16Array.from(counts.flatMap((count, c) => Array<number>(count).fill(c)));
const make = (sampling: Sampling, seed: number, state?: SamplerState) =>
  sampler(sampling, labels, { classes: 4, seed, stream: 'test', state });

/** Pearson's statistic of 50,000 draws against the probability of every image. */
const chiSquare = (sampling: Sampling, seed: number, probability: (label: number) => number): number => {
  const seen = Array<number>(labels.length).fill(0);
  for (const index of make(sampling, seed).next(50_000)) seen[index] = (seen[index] ?? 0) + 1;
  return seen.reduce((sum, n, index) => {
    const expected = 50_000 * probability(labels[index] ?? 0);
    return sum + (n - expected) ** 2 / expected;
  }, 0);
};
const LIMIT = 148.2; // 99 degrees of freedom, p = 0.001

describe('sampler', () => {
  it('"instance" shows every image once a pass, batches over the border, each pass in another order', () => {
    const draws = make('instance', 1);
    const taken = Array.from({ length: 30 }, () => [...draws.next(10)]).flat();
    const passes = [0, 1, 2].map((pass) => taken.slice(100 * pass, 100 * (pass + 1)));
    for (const pass of passes) expect(new Set(pass).size).toBe(100);
    expect(new Set(passes.map((pass) => pass.join())).size).toBe(3);
    expect(make('instance', 1).next(250)).toEqual(Uint32Array.from(taken.slice(0, 250)));
  });

  it('"class" draws every image with 1 / (C N_y)', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(chiSquare('class', seed, (label) => 1 / (4 * (counts[label] ?? 0)))).toBeLessThan(LIMIT);
    }
    expect(chiSquare('class', 1, () => 1 / 100)).toBeGreaterThan(1000);
  });

  it('"reversed" draws class y in proportion to 1 / N_y', () => {
    const sum = counts.reduce((total, count) => total + 1 / count, 0);
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(chiSquare('reversed', seed, (label) => 1 / (counts[label] ?? 0) ** 2 / sum)).toBeLessThan(LIMIT);
    }
  });

  it('"square-root" draws class y in proportion to √N_y', () => {
    const sum = counts.reduce((total, count) => total + Math.sqrt(count), 0);
    for (const seed of [1, 2, 3, 4, 5]) {
      const probability = (label: number) => 1 / Math.sqrt(counts[label] ?? 0) / sum;
      expect(chiSquare('square-root', seed, probability)).toBeLessThan(LIMIT);
    }
    expect(chiSquare('square-root', 1, () => 1 / 100)).toBeGreaterThan(1000);
  });

  it('"effective-number" draws an image by 1 / the effective number of its class, β = 0.9999', () => {
    const inverse = counts.map((n) => (1 - 0.9999) / (1 - 0.9999 ** n));
    const sum = counts.reduce((total, count, c) => total + count * (inverse[c] ?? 0), 0);
    for (const seed of [1, 2, 3, 4, 5])
      expect(chiSquare('effective-number', seed, (label) => (inverse[label] ?? 0) / sum)).toBeLessThan(LIMIT);
    // Where classes are large, the large ones come more often than evenly: 20,000 images count as 8,647.
    const many = Uint16Array.from({ length: 20_500 }, (_, i) => (i < 20_000 ? 0 : 1));
    const drawn = sampler('effective-number', many, { classes: 2, seed: 1, stream: '' }).next(50_000);
    const share = drawn.reduce((sum, index) => sum + (index < 20_000 ? 1 : 0), 0) / 50_000;
    const weight = (n: number): number => (n * (1 - 0.9999)) / (1 - 0.9999 ** n);
    expect(Math.abs(share - weight(20_000) / (weight(20_000) + weight(500)))).toBeLessThan(0.01);
    expect(share).toBeGreaterThan(0.68);
  });

  it('"under" shows as many images of every class as the smallest has, others in every pass, all in the end', () => {
    const draws = make('under', 1);
    const passes = Array.from({ length: 60 }, () => [...draws.next(20)]);
    for (const pass of passes) {
      expect(new Set(pass).size).toBe(20);
      expect([0, 1, 2, 3].map((c) => pass.filter((index) => labels[index] === c).length)).toEqual([5, 5, 5, 5]);
    }
    expect(new Set(passes.map((pass) => pass.toSorted((a, b) => a - b).join())).size).toBe(60);
    expect(new Set(passes.flat()).size).toBe(100);
    expect(make('under', 1).next(50)).toEqual(Uint32Array.from(passes.flat().slice(0, 50)));
    // Not class by class.
    expect(passes[0]?.slice(0, 5).map((index) => labels[index])).not.toEqual([0, 0, 0, 0, 0]);
    for (const seed of [1, 2, 3, 4, 5])
      expect(chiSquare('under', seed, (label) => 1 / (4 * (counts[label] ?? 0)))).toBeLessThan(LIMIT);
  });

  it('draws as it did before there were others', () => {
    const draws = (['instance', 'class', 'reversed'] as const).map((sampling) => make(sampling, 7));
    for (const each of draws) each.next(95);
    expect(draws.map((each) => each.next(12).join())).toEqual([
      '41,47,5,59,12,34,49,61,87,50,12,7',
      '20,85,88,92,46,40,87,75,99,54,70,80',
      '75,89,98,99,99,99,99,99,97,92,98,96',
    ]);
  });

  it('resumes exactly from its state, through JSON', () => {
    const sampling = fc.constantFrom(...samplings);
    fc.assert(
      fc.property(sampling, fc.nat(300), fc.integer({ min: 1, max: 130 }), (name, drawn, batch) => {
        const first = make(name, 9);
        first.next(drawn);
        const second = make(name, 9, JSON.parse(JSON.stringify(first.state())));
        expect(second.next(batch)).toEqual(first.next(batch));
        expect(second.state()).toEqual(first.state());
      }),
    );
  });

  it('names what it cannot do', () => {
    expect(() => make('class', 0, make('instance', 0).state())).toThrow(
      'the state is of "instance", asked for "class"',
    );
    const far = { ...make('instance', 0).state(), position: 101 };
    expect(() => make('instance', 0, far)).toThrow('position must be from 0 to 100, got 101');
    expect(() => sampler('class', labels, { classes: 5, seed: 0, stream: '' })).toThrow('class 4 has no images');
    expect(() => sampler('under', labels, { classes: 5, seed: 0, stream: '' })).toThrow('class 4 has no images');
    expect(() => make('under', 0, { ...make('under', 0).state(), position: 21 })).toThrow('from 0 to 20, got 21');
    expect(() => sampler('instance', new Uint16Array(), { classes: 1, seed: 0, stream: '' })).toThrow('no images');
  });
});
