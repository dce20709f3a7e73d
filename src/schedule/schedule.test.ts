import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constant, cosine, linear, product, schedule } from './index.js';

const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const progress = fc.double({ min: 0, max: 1, noNaN: true });

describe('schedules', () => {
  it.each([
    ['cosine', cosine],
    ['linear', linear],
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
        expect(s(0.1)).toBeGreaterThan(linear(1, 0)(0.1));
        expect(s(0.9)).toBeLessThan(linear(1, 0)(0.9));
      }),
    );
  });

  it('a product multiplies, and is 1 without factors', () => {
    fc.assert(
      fc.property(value, progress, (v, t) => {
        expect(product(constant(v), linear(1, 0))(t)).toBeCloseTo(v * (1 - t), 6);
        expect(product()(t)).toBe(1);
      }),
    );
  });

  it('carry a label that says their formula', () => {
    expect(constant(3).label).toBe('constant(3)');
    expect(cosine(0.025, 0.001).label).toBe('cosine(0.025, 0.001)');
    expect(product(constant(3), linear(1, 0)).label).toBe('constant(3) × linear(1, 0)');
    expect(schedule('mine', (t) => t).label).toBe('mine');
  });
});
