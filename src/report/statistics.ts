// Numbers over seeds and epochs, as the report states them.

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Of a sample: the sum of squares over n − 1. */
export const variance = (values: readonly number[]): number => {
  const center = mean(values);
  return values.reduce((sum, v) => sum + (v - center) ** 2, 0) / (values.length - 1);
};

/** A 95 % interval of the mean over seeds (Student's t); without bounds for a single seed. */
export interface Estimate {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** 97.5 % quantiles of Student's t for 1 to 10 degrees of freedom; beyond, the last is a little too careful. */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** A mean and how sure it is. */
export const estimateOf = (values: readonly number[]): Estimate => {
  const center = mean(values);
  if (values.length < 2) return { mean: center, low: null, high: null };
  const half = (T[Math.min(values.length - 2, T.length - 1)] ?? 0) * Math.sqrt(variance(values) / values.length);
  return { mean: center, low: center - half, high: center + half };
};

/** Pearson's. */
export const correlation = (xs: readonly number[], ys: readonly number[]): number => {
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((sum, x, i) => sum + (x - mx) * ((ys[i] ?? 0) - my), 0) / (xs.length - 1);
  return covariance / Math.sqrt(variance(xs) * variance(ys));
};
