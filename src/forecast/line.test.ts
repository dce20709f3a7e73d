import { describe, expect, it } from 'vitest';
import { at, fromZero, largestWithin, lineThrough } from './line.js';

describe('lineThrough', () => {
  it('meets both measurements, and one alone stands for proportion', () => {
    expect(lineThrough([4, 30], [8, 50])).toEqual({ a: 10, b: 5 });
    expect(lineThrough([4, 30])).toEqual({ a: 0, b: 7.5 });
    expect(at({ a: 10, b: 5 }, 64)).toBe(330);
  });
  it('never falls', () => {
    expect(lineThrough([4, 50], [8, 30])).toEqual({ a: 30, b: 0 });
  });
  it('is in proportion to the larger where it would be below zero at none', () => {
    expect(fromZero([4, 10], [8, 80])).toEqual({ a: 0, b: 10 });
    expect(fromZero([4, 30], [8, 50])).toEqual({ a: 10, b: 5 });
  });
});

it('largestWithin is the last that still fits', () => {
  const line = { a: 10, b: 5 };
  const most = largestWithin(line, 52);
  expect([most, at(line, most) <= 52, at(line, most + 1) <= 52]).toEqual([8, true, false]);
  expect(largestWithin(line, 9)).toBe(0);
});
