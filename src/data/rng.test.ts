import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from './rng.js';

const draw = (rng: Rng, n: number) => Array.from({ length: n }, () => rng.uint32());

describe('Rng', () => {
  it('gives the reference outputs of xoshiro128** (1.1) from state 1, 2, 3, 4', () => {
    expect(draw(Rng.from([1, 2, 3, 4]), 10)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('repeats a seed and stream, and differs for every other', () => {
    const begin = (seed: number, stream?: string) => draw(new Rng(seed, stream), 4).join();
    expect(begin(7, 'a')).toBe(begin(7, 'a'));
    const seeds = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
    const starts = seeds.flatMap((seed) => ['', 'a', 'b', 'ab', 'ba'].map((stream) => begin(seed, stream)));
    expect(new Set(starts).size).toBe(starts.length);
  });

  it('resumes exactly, through JSON', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(50), (seed, drawn) => {
        const rng = new Rng(seed);
        draw(rng, drawn);
        const state: number[] = JSON.parse(JSON.stringify(rng.state()));
        expect(draw(Rng.from(state), 8)).toEqual(draw(rng, 8));
      }),
    );
  });

  it('draws below n evenly, without modulo bias', () => {
    for (const seed of [1, 2, 3]) {
      // Modulo 3 * 2^30 would make the first third twice as likely.
      const rng = new Rng(seed);
      const low = Array.from({ length: 30_000 }, () => rng.below(3 * 2 ** 30)).filter((n) => n < 2 ** 30).length;
      expect(Math.abs(low - 10_000)).toBeLessThan(4 * Math.sqrt(30_000 * (2 / 9)));
    }
  });

  it('keeps uniform numbers in [0, 1) with mean 1/2 and variance 1/12', () => {
    const rng = new Rng(5);
    const numbers = Array.from({ length: 40_000 }, () => rng.uniform());
    expect(numbers.every((u) => u >= 0 && u < 1)).toBe(true);
    const mean = numbers.reduce((a, b) => a + b) / numbers.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(numbers.reduce((sum, u) => sum + (u - mean) ** 2, 0) / numbers.length).toBeCloseTo(1 / 12, 2);
  });

  it('shuffles to a permutation, every order of three equally likely', () => {
    const rng = new Rng(11);
    const seen = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = rng.shuffle(Uint32Array.of(0, 1, 2)).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    const chiSquare = [...seen.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(20.5); // 5 degrees of freedom, p = 0.001
  });

  it('refuses seeds, bounds and states that are none', () => {
    expect(() => new Rng(-1)).toThrow('seed must be an integer >= 0, got -1');
    expect(() => new Rng(0.5)).toThrow('got 0.5');
    expect(() => new Rng(0).below(0)).toThrow('got 0');
    for (const state of [[], [1, 2, 3], [0, 0, 0, 0], [1, 2, 3, -4], [1, 2, 3, 4, 5]]) {
      expect(() => Rng.from(state)).toThrow('Cannot restore a random generator');
    }
  });
});
