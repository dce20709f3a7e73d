import * as Plot from '@observablehq/plot';
import { type LegendEntry, type Look, markerStyle } from '../plot.js';
import { mean } from '../statistics.js';

/** One value of a series at `x`: the mean over the seeds, and their range. */
export interface Point {
  readonly x: number;
  readonly mid: number;
  readonly low: number;
  readonly high: number;
}

export interface Series {
  readonly look: Look;
  readonly points: readonly Point[];
}

/** Joins the curves of several seeds into one: mean, minimum and maximum at each x where at least one of them has a value. Points that share an x are told apart by `key`. */
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

const MARKERS = 11;

/**
 * Bands, lines and markers of a panel. A long line has few markers (`markers` at most); a single point has one, since no line shows it. A `dense` panel has more lines than
 * there is room for bands and markers.
 */
export const seriesMarks = (
  series: readonly Series[],
  { width = 2, dense = false, markers = MARKERS }: { width?: number; dense?: boolean; markers?: number } = {},
): Plot.Markish[] => [
  ...series
    .filter(({ points }) => !dense && points.some(({ low, high }) => low < high))
    .map(({ look, points }) =>
      Plot.areaY(points, { x: 'x', y1: 'low', y2: 'high', fill: look.color, fillOpacity: 0.15 }),
    ),
  ...series.map(({ look, points }) =>
    Plot.lineY(points, {
      x: 'x',
      y: 'mid',
      stroke: look.color,
      strokeWidth: width,
      ...(look.dash === '' ? {} : { strokeDasharray: look.dash }),
    }),
  ),
  ...series.map(({ look, points }, k) => {
    const every = Math.max(1, Math.ceil(points.length / markers));
    // Those of lines that run together stand beside each other.
    const first = Math.floor((k * every) / series.length);
    const shown = points.filter((_, i) => points.length === 1 || (!dense && i % every === first));
    return shown.length === 0 ? [] : Plot.dot(shown, { x: 'x', y: 'mid', ...markerStyle(look) });
  }),
];

/** Legend entries for series that are drawn as lines with markers. */
export const legendOf = (entries: readonly { readonly look: Look; readonly text: string }[]): LegendEntry[] =>
  entries.map(({ look, text }) => ({ text, line: look, mark: markerStyle(look) }));
