import * as Plot from '@observablehq/plot';
import { type LoadedRun, NONE, type Point, pooled, type Table, tableOf } from '../measure/index.js';
import type { EpochRecord } from '../run/index.js';
import { type FigureData, markerStyle, type Row } from './canvas.js';
import { COLORS, type Look } from './looks.js';

/** A line of a figure: its look, its values and its name in a legend. */
export interface Series {
  readonly text: string;
  readonly look: Look;
  readonly points: readonly Point[];
}

/** An axis: its label, and other options of Plot's scales. */
export interface AxisOptions {
  readonly label?: string | null;
  readonly [option: string]: unknown;
}

/** Epochs as people count them, from 1. */
export const epochNumber = ({ epoch }: Pick<EpochRecord, 'epoch'>): number => epoch + 1;

/** A value per epoch, over the epochs of all runs. */
export const overEpochs = (
  runs: readonly LoadedRun[],
  of: (record: EpochRecord, before: EpochRecord | undefined) => number | null | undefined,
): Point[] =>
  pooled(runs.map(({ records }) => records.map((r, i) => ({ x: epochNumber(r), y: of(r, records[i - 1]) }))));

/** Where one phase ends and the next begins, between two epochs; empty for runs of one phase. */
const phaseStarts = (runs: readonly LoadedRun[]): number[] => {
  const starts = runs.flatMap(({ records }) =>
    records.flatMap((r, i) => (i > 0 && records[i - 1]?.phase !== r.phase ? [epochNumber(r) - 0.5] : [])),
  );
  return [...new Set(starts)];
};

/** How axes and their labels are set in every panel. */
export const PANEL = { marginLeft: 70, marginRight: 18, marginTop: 10, marginBottom: 44 } as const;

/** A label in the middle of its axis, without an arrow. */
export const named = (label: string | null) => ({ label, labelAnchor: 'center', labelArrow: 'none' }) as const;

/** The same for a vertical axis, with room for its numbers. */
export const namedY = (label: string) => ({ ...named(label), labelOffset: PANEL.marginLeft - 8, grid: true });

/** Whole numbers from `from` to `to`, about `count` of them, round ones: epochs have no halves. */
export const wholeTicks = (from: number, { to, count = 8 }: { to: number; count?: number }): number[] => {
  const rough = Math.max(1, (to - from) / count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, Math.round(power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10)));
  const round = Array.from({ length: Math.floor(to / step) + 1 }, (_, i) => i * step).filter((x) => x >= from);
  // The first epoch is named as well, unless a round one is too near for both names to fit.
  return step === 1 || from % step === 0 || (round[0] ?? to) - from < step / 2 ? round : [from, ...round];
};

/** The epochs of all runs as x axis; a single epoch gets room on both sides. `label` null: ticks without numbers. */
export const epochAxis = (
  runs: readonly LoadedRun[],
  { label = 'epoch', count = 10 }: { label?: string | null; count?: number } = {},
): AxisOptions => {
  const last = Math.max(1, ...runs.flatMap(({ records }) => records.map(epochNumber)));
  return {
    ...named(label),
    domain: last === 1 ? [0.5, 1.5] : [1, last],
    ticks: wholeTicks(1, { to: last, count }),
    tickFormat: label === null ? () => '' : 'd',
    tickSize: label === null ? 0 : 6,
    grid: true,
  };
};

/** Vertical lines where a later phase begins. */
export const phaseMarks = (runs: readonly LoadedRun[]): object[] => [
  Plot.ruleX(phaseStarts(runs), { stroke: COLORS.grey, strokeWidth: 1.5, strokeDasharray: '1 3' }),
];

/** What the vertical lines are, for a caption; empty when there are none. */
export const phaseCaption = (runs: readonly LoadedRun[]): string =>
  phaseStarts(runs).length === 0 ? '' : ' The dotted vertical line is where the continued phase begins.';

const MARKERS = 11;

/**
 * Bands, lines and markers of a panel. A long line has few markers (`markers` at most); a single point has one, since
 * no line shows it. A `dense` panel has more lines than there is room for bands and markers.
 */
export const seriesMarks = (
  series: readonly Series[],
  { width = 2, dense = false, markers = MARKERS }: { width?: number; dense?: boolean; markers?: number } = {},
): object[] => [
  ...series
    .filter(({ points }) => !dense && points.some(({ low, high }) => low < high))
    .map(({ look: { color }, points }) =>
      Plot.areaY(points, { x: 'x', y1: 'low', y2: 'high', fill: color, fillOpacity: 0.15 }),
    ),
  ...series.map(({ look: { color, dash }, points }) => {
    const dashed = dash === '' ? {} : { strokeDasharray: dash };
    return Plot.lineY(points, { x: 'x', y: 'mid', stroke: color, strokeWidth: width, ...dashed });
  }),
  ...series.map(({ look, points }, k) => {
    const every = Math.max(1, Math.ceil(points.length / markers));
    // Markers of coinciding lines are placed next to each other.
    const first = Math.floor((k * every) / series.length);
    const shown = points.filter((_, i) => points.length === 1 || (!dense && i % every === first));
    return shown.length === 0 ? [] : Plot.dot(shown, { x: 'x', y: 'mid', ...markerStyle(look) });
  }),
];

/** Rows that a table of a line is cut down to, evenly, its ends included. */
const MOST_ROWS = 41;

const evenly = <T>(values: readonly T[], most: number): T[] =>
  values.length <= most
    ? [...values]
    : Array.from({ length: most }, (_, i) => values[Math.round((i * (values.length - 1)) / (most - 1))]).flatMap(
        (value) => (value === undefined ? [] : [value]),
      );

/** Four digits: more than can be seen in a drawing. */
export const fourDigits = (value: number): string => String(Number(value.toPrecision(4)));

const pointText = (point: Point | undefined): string => {
  if (point === undefined) return NONE;
  const { mid, low, high } = point;
  return low < high ? `${fourDigits(mid)} (${fourDigits(low)} to ${fourDigits(high)})` : fourDigits(mid);
};

/** The lines of a panel as a table: a row per x, a column per line; of long lines rows at even distances. */
export const seriesTable = (series: readonly Pick<Series, 'text' | 'points'>[], x: string): Table => {
  const all = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))].sort((a, b) => a - b);
  return tableOf(evenly(all, MOST_ROWS), [
    [x, (at) => fourDigits(at)],
    ...series.map(
      ({ text, points }) => [text, (at: number) => pointText(points.find((point) => point.x === at))] as const,
    ),
  ]);
};

interface PanelOptions {
  readonly x?: AxisOptions;
  readonly y?: AxisOptions;
  readonly marginBottom?: number;
  readonly height: number;
  /** Drawn below the lines, and above them. */
  readonly below?: readonly object[];
  readonly above?: readonly object[];
  readonly markers?: number;
  /** Its numbers, where they are not a row per x of the lines. */
  readonly data?: readonly FigureData[];
}

/** One panel of lines, as wide as the figure. */
export const panelOf = (
  series: readonly Series[],
  { height, below = [], above = [], markers = MARKERS, data, ...options }: PanelOptions,
): Row => ({
  height,
  data: data ?? [
    {
      caption: options.y?.label ?? '',
      table: seriesTable(series, options.x?.label ?? 'epoch'),
    },
  ],
  panels: [{ ...PANEL, ...options, marks: [...below, ...seriesMarks(series, { markers }), ...above] }],
});
