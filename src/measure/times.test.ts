import { expect, it } from 'vitest';
import { epochSeconds, typicalSeconds } from './times.js';

const of = (phase: string, ...seconds: number[]) => seconds.map((s) => ({ phase, seconds: s }));

it('takes the median of each phase, so that a resumed or a stalled epoch counts as any other', () => {
  const records = [...of('search', 100, 20, 102, 900, 104), ...of('continued', 50, 60)];
  expect(epochSeconds(records)).toEqual(
    new Map([
      ['search', 102],
      ['continued', 55],
    ]),
  );
  expect(typicalSeconds(records)).toBe(5 * 102 + 2 * 55);
  expect(typicalSeconds([])).toBe(0);
});
