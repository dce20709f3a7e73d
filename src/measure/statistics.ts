// Numbers over seeds, classes and epochs, as the report states them.

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

export const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Of a sample: the sum of squares over n − 1. */
export const variance = (values: readonly number[]): number => {
  const center = mean(values);
  return sum(values.map((v) => (v - center) ** 2)) / (values.length - 1);
};

/** A mean over seeds and its interval (Student's t); without bounds for a single seed. */
export interface Estimate {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** 97.5 % quantile of the normal distribution. */
export const Z975 = 1.959964;

/** 97.5 % quantiles of Student's t for 1 to 10 degrees of freedom; beyond, the last is slightly too wide. */
const T975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
/** 99.75 % quantiles: for the worst of ten, which falls below 0 by chance more often than one alone. */
const T9975 = [127.32, 14.089, 7.453, 5.598, 4.773, 4.317, 4.029, 3.833, 3.69, 3.581];

/** A mean with its 95 % interval; `ofTen`: with one wide enough for the worst of ten (Bonferroni). */
export const estimateOf = (values: readonly number[], { ofTen = false }: { ofTen?: boolean } = {}): Estimate => {
  const center = mean(values);
  if (values.length < 2) return { mean: center, low: null, high: null };
  const quantiles = ofTen ? T9975 : T975;
  const quantile = quantiles[Math.min(values.length - 2, quantiles.length - 1)] ?? Number.POSITIVE_INFINITY;
  const half = quantile * Math.sqrt(variance(values) / values.length);
  return { mean: center, low: center - half, high: center + half };
};

/** Whether a difference is significant: its interval leaves out 0. */
export const significant = ({ low, high }: Estimate): boolean => low !== null && high !== null && (low > 0 || high < 0);

/** Pearson's. */
export const correlation = (xs: readonly number[], ys: readonly number[]): number => {
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = sum(xs.map((x, i) => (x - mx) * ((ys[i] ?? 0) - my))) / (xs.length - 1);
  return covariance / Math.sqrt(variance(xs) * variance(ys));
};

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
  curves: readonly (readonly { readonly x: number; readonly y: number | null | undefined; readonly key?: number }[])[],
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
