import * as Plot from '@observablehq/plot';
import type { EpochRecord } from '../../run/index.js';
import { type Figure, FigureError, figure, type Row } from '../plot.js';
import type { LoadedRun } from '../runs.js';
import { mean } from '../statistics.js';
import { epochAxis, namedY, PANEL, phaseCaption, phaseMarks, spreadCaption } from './axes.js';
import { OPERATIONS, seriesLook } from './looks.js';
import { epochNumber, oneRecipe } from './runs.js';
import { legendOf, pooled, seriesMarks } from './series.js';

type Weights = readonly (readonly number[])[]; // [edges, operations]

const KINDS = ['normal', 'reduction'] as const;
type Kind = (typeof KINDS)[number];
/** Panels of cells of few nodes are not made wider than this many in a row. */
const LEAST_COLUMNS = 4;

const softmax = (row: readonly number[]): number[] => {
  const most = Math.max(...row);
  const exps = row.map((a) => Math.exp(a - most));
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / total);
};

const weightsOf = ({ alpha }: EpochRecord, kind: Kind): Weights | undefined => alpha['backbone']?.[kind]?.map(softmax);

/** Mean over edges of the total variation distance of two sets of operation weights: 0 when nothing moved, 1 when everything did. */
const distance = (a: Weights, b: Weights): number =>
  mean(a.map((row, e) => row.reduce((sum, w, o) => sum + Math.abs(w - (b[e]?.[o] ?? 0)), 0) / 2));

interface Edge {
  readonly node: number;
  readonly source: number;
}

/** Edges in the order of alpha's rows: node by node, and each node's by source. */
const edgesOf = (count: number): Edge[] => {
  const edges: Edge[] = [];
  for (let node = 0; edges.length < count; node++)
    for (let source = 0; source < node + 2; source++) edges.push({ node, source });
  return edges;
};

const sourceName = (source: number): string => ['c(k−2)', 'c(k−1)'][source] ?? String(source - 2);

/**
 * Figures 3 and 7: how the architecture of the backbone moves: the weight of every operation (softmax of alpha) on every edge over epochs, and above them
 * how far all of them went from one epoch to the next. One recipe: without scaling in figure 3, with it in figure 7.
 */
export const alphaCurves = (
  runs: readonly LoadedRun[],
  { number, name = `figure-${number}` }: { number?: 3 | 7; name?: string },
): Figure => {
  const what = number === undefined ? 'operation weights' : `figure ${number}`;
  const seeds = oneRecipe(runs, { what });
  const first = runs.flatMap(({ records }) => records)[0];
  const kinds = KINDS.filter((kind) => first?.alpha['backbone']?.[kind] !== undefined);
  if (kinds.length === 0)
    throw new FigureError(`Cannot draw ${what}: ${seeds.name} must have alpha of the backbone, got none`);
  const columns = first?.alpha['backbone']?.[kinds[0] ?? 'normal']?.[0]?.length ?? 0;
  if (columns !== OPERATIONS.length)
    throw new FigureError(
      `Cannot draw ${what}: alpha must have one column for each of ${OPERATIONS.length} operations, got ${columns}`,
    );

  const curve = (kind: Kind, at: (w: Weights) => number | undefined) =>
    pooled(runs.map(({ records }) => records.map((r) => ({ x: epochNumber(r), y: at(weightsOf(r, kind) ?? []) }))));
  const series = (kind: Kind, edge: number) =>
    OPERATIONS.map(([, look], op) => ({ look, points: curve(kind, (w) => w[edge]?.[op]) }));
  const panelsOf = (kind: Kind) =>
    edgesOf(first?.alpha['backbone']?.[kind]?.length ?? 0).map((edge, i) => ({ ...edge, series: series(kind, i) }));
  const cells = kinds.map((kind) => ({ kind, panels: panelsOf(kind) }));
  const highest = Math.max(
    ...cells.flatMap(({ panels }) => panels.flatMap((p) => p.series.flatMap((s) => s.points.map((q) => q.mid)))),
  );
  const top = Math.min(1, Math.ceil(highest * 10) / 10);

  // Of a single epoch there is no drift.
  const drifts = runs.some(({ records }) => records.length > 1);
  const rows: Row[] = drifts ? [driftLegend(kinds), driftRow(runs, kinds)] : [];
  rows.push({ legend: OPERATIONS.map(([text, line]) => ({ text, line })) });
  for (const { kind, panels } of cells) {
    const last = Math.max(...panels.map(({ node }) => node));
    const width = Math.max(LEAST_COLUMNS, last + 2);
    rows.push({ heading: `Operation weights in the ${kind} cell` });
    for (let node = 0; node <= last; node++) {
      const bottom = node === last;
      rows.push({
        height: bottom ? 138 : 104,
        panels: Array.from({ length: width }, (_, source) => {
          const edge = panels.find((p) => p.node === node && p.source === source);
          if (edge === undefined) return undefined;
          return {
            marginLeft: 34,
            marginRight: 10,
            marginTop: 22,
            marginBottom: bottom ? 42 : 8,
            x: epochAxis(runs, { label: bottom ? 'epoch' : null, count: 3 }),
            y: { label: null, domain: [0, top], ticks: tenths(top), tickFormat: '.1f', grid: true },
            marks: [
              Plot.text([`${node} ← ${sourceName(source)}`], {
                frameAnchor: 'top',
                dy: -17,
                fontSize: 12,
                fontWeight: 'bold',
              }),
              ...phaseMarks(runs),
              ...seriesMarks(edge.series, { width: 1.5, dense: true }),
            ],
          };
        }),
      });
    }
  }
  return figure(
    {
      name,
      title: `Architecture of the backbone over epochs, ${seeds.text}`,
      caption:
        `${seeds.label}: ${drifts ? 'top, drift of the operation weights: mean over edges of the total variation distance to the epoch before; below, ' : ''}the weights of ` +
        'all operations (softmax of alpha), one panel an edge: “node ← source”, c(k−2) and c(k−1) are the inputs of the cell.' +
        phaseCaption(runs) +
        spreadCaption(runs) +
        (runs.length === 1 ? '' : ' Below, means alone are drawn, which move less than each run does.'),
    },
    { rows },
  );
};

/** 0, 0.1 … `top`, or every fifth part where that would be many. */
const tenths = (top: number): number[] => {
  const step = top > 0.4 ? 0.2 : 0.1;
  return Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, i) => i * step);
};

const driftLegend = (kinds: readonly Kind[]): Row => ({
  legend: legendOf(kinds.map((kind, i) => ({ text: `drift, ${kind} cell`, look: seriesLook(i) }))),
});

const driftRow = (runs: readonly LoadedRun[], kinds: readonly Kind[]): Row => {
  const series = kinds.map((kind, i) => ({
    look: seriesLook(i),
    points: pooled(
      runs.map(({ records }) =>
        records.slice(1).map((record, before) => {
          const earlier = records[before];
          const [now, then] = [weightsOf(record, kind), earlier && weightsOf(earlier, kind)];
          return { x: epochNumber(record), y: now && then && distance(now, then) };
        }),
      ),
    ),
  }));
  // Not fitted to the data more closely: figures of two recipes are read side by side.
  const highest = Math.max(0.05, ...series.flatMap(({ points }) => points.map(({ high }) => high)));
  return {
    height: 190,
    panels: [
      {
        ...PANEL,
        x: epochAxis(runs),
        y: { ...namedY('drift per epoch'), grid: true, domain: [0, Math.ceil(highest * 20) / 20], ticks: 5 },
        marks: [Plot.ruleY([0]), ...phaseMarks(runs), ...seriesMarks(series)],
      },
    ],
  };
};
