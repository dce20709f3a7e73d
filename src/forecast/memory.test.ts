import { describe, expect, it } from 'vitest';
import { at, largestWithin, lineThrough, MemoryError, requireFit } from './fit.js';

describe('lineThrough', () => {
  it('meets both measurements, and one alone stands for proportion', () => {
    expect(lineThrough([4, 30], [8, 50])).toEqual({ a: 10, b: 5 });
    expect(lineThrough([4, 30])).toEqual({ a: 0, b: 7.5 });
    expect(at({ a: 10, b: 5 }, 64)).toBe(330);
  });
  it('never falls', () => {
    expect(lineThrough([4, 50], [8, 30])).toEqual({ a: 30, b: 0 });
  });
});

it('largestWithin is the last that still fits', () => {
  const line = { a: 10, b: 5 };
  const most = largestWithin(line, 52);
  expect([most, at(line, most) <= 52, at(line, most + 1) <= 52]).toEqual([8, true, false]);
  expect(largestWithin(line, 9)).toBe(0);
});

describe('requireFit', () => {
  const need = { expectedMemoryBytes: 3e9, freeMemoryBytes: 2e9, largestBatch: 40 };
  it('lets pass what fits', () => {
    expect(() => requireFit({ ...need, freeMemoryBytes: 3e9 }, { action: 'search' })).not.toThrow();
  });
  it.each([
    ['search', 40, /^Cannot search: .* 2\.0 GB of memory, got about 3\.0 GB; the largest batch that does is 40 /],
    ['search', 0, /not even a batch of 1 would/],
    ['resume', 40, /^Cannot resume: .*; free some, or try it all the same with --force$/],
  ] as const)('refuses the rest: %s with %d', (action, largestBatch, message) => {
    expect(() => requireFit({ ...need, largestBatch }, { action })).toThrow(MemoryError);
    expect(() => requireFit({ ...need, largestBatch }, { action })).toThrow(message);
  });
});
