import { mean } from './statistics.js';

/** One value of a series at `x`: the mean over the seeds, and their range. */
export interface Point {
  readonly x: number;
  readonly mid: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Joins the curves of several seeds into one: mean, minimum and maximum at each x where at least one of them has a
 * value. Points that share an x are kept apart by `key`.
 */
export const pooled = (
  curves: readonly (readonly {
    readonly x: number;
    readonly y: number | null | undefined;
    readonly key?: number;
  }[])[],
): Point[] => {
  const at = new Map<number, { x: number; ys: number[] }>();
  for (const { x, y, key = x } of curves.flat()) {
    if (y === null || y === undefined || !Number.isFinite(y)) continue;
    at.set(key, { x, ys: [...(at.get(key)?.ys ?? []), y] });
  }
  return [...at.values()]
    .sort((a, b) => a.x - b.x)
    .map(({ x, ys }) => ({ x, mid: mean(ys), low: Math.min(...ys), high: Math.max(...ys) }));
};
