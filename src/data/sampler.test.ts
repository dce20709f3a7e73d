import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SamplerState, type Sampling, sampler } from './sampler.js';

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

  it('resumes exactly from its state, through JSON', () => {
    const sampling = fc.constantFrom<Sampling[]>('instance', 'class', 'reversed');
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
    expect(() => sampler('instance', new Uint16Array(), { classes: 1, seed: 0, stream: '' })).toThrow('no images');
  });
});
