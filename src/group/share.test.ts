import { describe, expect, it } from 'vitest';
import { canShare, shareOf } from './share.js';

describe('shareOf', () => {
  it('gives every image to one process, in order, to all as many', () => {
    for (const size of [1, 2, 3, 4]) {
      const shares = Array.from({ length: size }, (_, rank) => shareOf({ rank, size }, 12));
      const taken = shares.flatMap(([start, length]) => Array.from({ length }, (_, i) => start + i));
      expect(taken).toEqual(Array.from({ length: 12 }, (_, i) => i));
      expect(new Set(shares.map(([, length]) => length)).size).toBe(1);
    }
  });

  it.each([
    [5, 12, 'a multiple of 5, it is 12; use --batch-size 10'],
    [8, 4, 'a multiple of 8, it is 4; use --batch-size 8'],
  ] as const)('refuses %d processes for a batch of %d, with one that would do', (size, images, message) => {
    expect(canShare({ size }, images)).toBe(false);
    expect(() => shareOf({ rank: 0, size }, images)).toThrow(message);
  });
});
