import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  between,
  constant,
  cosine,
  line,
  lineThenDecay,
  parabolicDecay,
  product,
  reverseSigmoid,
  schedule,
  softFreeze,
  step,
} from './index.js';

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const progress = fc.double({ min: 0, max: 1, noNaN: true });

describe('schedules', () => {
  it.each([
    ['cosine', cosine],
    ['linear', line],
  ] as const)('%s goes from its start to its end, and never outside them', (_, make) => {
    fc.assert(
      fc.property(value, value, progress, (from, to, t) => {
        const s = make(from, to);
        const slack = 1e-9 * Math.max(1, Math.abs(from), Math.abs(to));
        expect(Math.abs(s(0) - from)).toBeLessThanOrEqual(slack);
        expect(Math.abs(s(1) - to)).toBeLessThanOrEqual(slack);
        expect(Math.abs(s(0.5) - (from + to) / 2)).toBeLessThanOrEqual(slack);
        expect(s(t)).toBeGreaterThanOrEqual(Math.min(from, to) - slack);
        expect(s(t)).toBeLessThanOrEqual(Math.max(from, to) + slack);
      }),
    );
  });

  it('cosine falls slowly, fast, slowly, and never rises', () => {
    fc.assert(
      fc.property(progress, progress, (a, b) => {
        const s = cosine(1, 0);
        expect(s(Math.min(a, b))).toBeGreaterThanOrEqual(s(Math.max(a, b)));
        expect(s(0.1)).toBeGreaterThan(line(1, 0)(0.1));
        expect(s(0.9)).toBeLessThan(line(1, 0)(0.9));
      }),
    );
  });

  it('lineThenDecay is P-DARTS’ dropout on skip connections, epoch by epoch', () => {
    const s = lineThenDecay(0.7, 0.4);
    const authors = (e: number): number => (e < 10 ? (0.7 * (25 - e - 1)) / 25 : 0.7 * Math.exp(-(e - 10) * 0.2));
    for (let e = 0; e < 25; e++) expect(s(e / 25)).toBeCloseTo(authors(e), 12);
    expect(lineThenDecay(0.7, 1)(0.999)).toBe(0);
    expect(() => lineThenDecay(1, 2)).toThrow('lineThenDecay must turn at t in [0, 1], got 2');
  });

  it('between is 1 from its start until before its end', () => {
    const s = between(0.25, 0.5);
    expect([0, 0.2499, 0.25, 0.4999, 0.5, 1].map(s)).toEqual([0, 0, 1, 1, 0, 0]);
    expect(s.label).toBe('between(0.25, 0.5)');
    expect(() => between(0.5, 0.5)).toThrow('Cannot schedule between: it must begin before it ends, got 0.5 to 0.5');
  });

  it('a product multiplies, and is 1 without factors', () => {
    fc.assert(
      fc.property(value, progress, (v, t) => {
        expect(product(constant(v), line(1, 0))(t)).toBeCloseTo(v * (1 - t), 6);
        expect(product()(t)).toBe(1);
      }),
    );
  });

  it('a step goes from one value to another at once, from that progress on', () => {
    const deferred = step(0.8);
    expect([0, 0.5, 159 / 200, 160 / 200, 32 / 40, 0.999].map(deferred)).toEqual([0, 0, 0, 1, 1, 1]);
    const rate = product(constant(0.1), step(0.8, 1, 0.01), step(0.9, 1, 0.01));
    for (const [epoch, lr] of [
      [159, 0.1],
      [160, 1e-3],
      [179, 1e-3],
      [180, 1e-5],
    ] as const)
      expect(rate(epoch / 200)).toBeCloseTo(lr, 12);
  });

  it('carry a label that says their formula', () => {
    expect(constant(3).label).toBe('constant(3)');
    expect(cosine(0.025, 0.001).label).toBe('cosine(0.025, 0.001)');
    expect(product(constant(3), line(1, 0)).label).toBe('constant(3) × linear(1, 0)');
    expect(schedule('mine', (t) => t).label).toBe('mine');
  });
});

describe('mixing', () => {
  it.each([parabolicDecay(), reverseSigmoid(), reverseSigmoid({ k: 10 })])(
    '$label stays in [0, 1] and never rises',
    (m) => {
      fc.assert(
        fc.property(progress, progress, (a, b) => {
          expect(m(a)).toBeGreaterThanOrEqual(0);
          expect(m(a)).toBeLessThanOrEqual(1);
          expect(m(Math.min(a, b))).toBeGreaterThanOrEqual(m(Math.max(a, b)));
        }),
      );
    },
  );

  it('the reverse sigmoid is symmetric about one half', () => {
    fc.assert(
      fc.property(progress, (t) => {
        expect(reverseSigmoid()(t) + reverseSigmoid()(1 - t)).toBeCloseTo(1, 12);
      }),
    );
    expect(() => reverseSigmoid({ k: 0 })).toThrow(/k must be > 0, got 0/);
  });

  it('the soft freeze has the values of its formula, lies below the mixing, and is 0 where the mixing is', () => {
    const s = softFreeze(parabolicDecay());
    for (const [t, value] of [
      [0, 1],
      [0.3, 0.906],
      [0.5, 0.717],
      [0.7, 0.383],
      [0.8, 0.169],
      [0.9, 0.014],
      [0.95, 7e-5],
    ] as const)
      expect(s(t)).toBeCloseTo(value, 3);
    expect(softFreeze(constant(0))(0.5)).toBe(0);
    fc.assert(
      fc.property(progress, (t) => {
        expect(s(t)).toBeLessThanOrEqual(parabolicDecay()(t) + 1e-15);
      }),
    );
  });
});
