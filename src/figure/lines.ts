import * as Plot from '@observablehq/plot';
import type { Point } from '../measure/index.js';
import { PANEL } from './axes.js';
import { type LegendEntry, markerStyle, type Row } from './canvas.js';
import type { Look } from './looks.js';

/** A line of a figure: its look, its values and, for a legend, its name. */
export interface Series {
  readonly look: Look;
  readonly points: readonly Point[];
}
export interface NamedSeries extends Series {
  readonly text: string;
}

const MARKERS = 11;

/**
 * Bands, lines and markers of a panel. A long line has few markers (`markers` at most); a single point has one, since no
 * line shows it. A `dense` panel has more lines than there is room for bands and markers.
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
    // Markers of lines that run together are beside each other.
    const first = Math.floor((k * every) / series.length);
    const shown = points.filter((_, i) => points.length === 1 || (!dense && i % every === first));
    return shown.length === 0 ? [] : Plot.dot(shown, { x: 'x', y: 'mid', ...markerStyle(look) });
  }),
];

/** Legend entries for series that are drawn as lines with markers. */
export const legendOf = (entries: readonly Pick<NamedSeries, 'look' | 'text'>[]): LegendEntry[] =>
  entries.map(({ look, text }) => ({ text, line: look, mark: markerStyle(look) }));

interface PanelOptions extends Pick<Plot.PlotOptions, 'x' | 'y' | 'marginBottom'> {
  readonly height: number;
  /** Drawn below the lines, and above them. */
  readonly below?: readonly Plot.Markish[];
  readonly above?: readonly Plot.Markish[];
  readonly markers?: number;
}

/** One panel of lines, as wide as the figure. */
export const panelOf = (
  series: readonly Series[],
  { height, below = [], above = [], markers = MARKERS, ...options }: PanelOptions,
): Row => ({
  height,
  panels: [{ ...PANEL, ...options, marks: [...below, ...seriesMarks(series, { markers }), ...above] }],
});
