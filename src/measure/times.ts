import type { EpochRecord } from '../run/index.js';

type Timed = Pick<EpochRecord, 'phase' | 'seconds'>;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
};

/**
 * What an epoch of each phase takes, in seconds: the median. The record of a resumed epoch counts only the time after
 * resuming, and an epoch during other work takes many times as long.
 */
export const epochSeconds = (records: readonly Timed[]): ReadonlyMap<string, number> =>
  new Map(
    [...new Set(records.map(({ phase }) => phase))].map((name) => [
      name,
      median(records.filter(({ phase }) => phase === name).map(({ seconds }) => seconds)),
    ]),
  );

/** What all epochs take, in seconds, each at the median of its phase. */
export const typicalSeconds = (records: readonly Timed[]): number => {
  const by = epochSeconds(records);
  return records.reduce((sum, { phase }) => sum + (by.get(phase) ?? 0), 0);
};
