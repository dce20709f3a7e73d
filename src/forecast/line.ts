/** A straight line a + b·x. */
export interface Line {
  readonly a: number;
  readonly b: number;
}

/**
 * The line through one or two measurements; one alone gives a proportion. It never falls, even if noise suggests it.
 */
export const lineThrough = (
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number] = [x0, y0],
): Line => {
  const b = x1 === x0 ? y0 / x0 : Math.max(0, (y1 - y0) / (x1 - x0));
  return { a: y1 - b * x1, b };
};

/** The line of something that takes no less than none where there is nothing: noise may suggest that it does. */
export const fromZero = (first: readonly [number, number], last: readonly [number, number]): Line => {
  const line = lineThrough(first, last);
  return line.a < 0 ? { a: 0, b: last[1] / last[0] } : line;
};

export const at = ({ a, b }: Line, x: number): number => a + b * x;

/** The largest whole x >= 1 at which a line that rises is within `limit`; 0 when none is. */
export const largestWithin = ({ a, b }: Line, limit: number): number =>
  b > 0 ? Math.max(0, Math.floor((limit - a) / b)) : a <= limit ? Number.MAX_SAFE_INTEGER : 0;
