import * as Plot from '@observablehq/plot';
import {
  distances,
  edgeOf,
  type LoadedRun,
  mean,
  NONE,
  type OpWeights,
  opWeightsOf,
  sourceName,
  tableOf,
} from '../measure/index.js';
import { BACKBONE } from '../paper/index.js';
import type { EpochRecord } from '../run/index.js';
import { type FigureData, type Row, refuse } from './canvas.js';
import {
  epochAxis,
  fourDigits,
  namedY,
  overEpochs,
  panelOf,
  phaseCaption,
  phaseMarks,
  type Series,
  seriesMarks,
} from './chart.js';
import type { FigureKind } from './kind.js';
import { operationLooks, seriesLook } from './looks.js';

/** Panels of cells of few nodes are not made wider than this many in a row. */
const LEAST_COLUMNS = 4;

const weightsOf = (record: EpochRecord | undefined, kind: string): OpWeights | undefined =>
  record && opWeightsOf(record, { component: BACKBONE })[kind];

/** 0, 0.1 … `top`, or every fifth part where that would be many. */
const tenths = (top: number): number[] => {
  const step = top > 0.4 ? 0.2 : 0.1;
  return Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, i) => i * step);
};

/** How far all weights of a cell went from one epoch to the next: 0 when nothing moved, 1 when everything did. */
const driftRows = (runs: readonly LoadedRun[], kinds: readonly string[]): Row[] => {
  const series = kinds.map((kind, i) => ({
    text: `drift, ${kind} cell`,
    look: seriesLook(i),
    points: overEpochs(runs, (record, before) => {
      const [now, then] = [weightsOf(record, kind), weightsOf(before, kind)];
      return now && then && mean(distances(then, now));
    }),
  }));
  // Not fitted to the data more closely: figures of two recipes are read side by side.
  const highest = Math.max(0.05, ...series.flatMap(({ points }) => points.map(({ high }) => high)));
  const y = { ...namedY('drift per epoch'), domain: [0, Math.ceil(highest * 20) / 20], ticks: 5 };
  const below = [Plot.ruleY([0]), ...phaseMarks(runs)];
  return [{ legend: series }, panelOf(series, { height: 190, x: epochAxis(runs), y, below })];
};

/** Epochs that a table of all operations of all edges has: there are rows enough. */
const TABLE_EPOCHS = 5;

/** The weights of all operations, one row each, at a few epochs. */
const weightsTable = (places: readonly { node: number; source: number; series: readonly Series[] }[]): FigureData => {
  const epochs = [...new Set(places.flatMap(({ series }) => series.flatMap((of) => of.points.map(({ x }) => x))))];
  const every = Math.max(1, Math.ceil((epochs.length - 1) / (TABLE_EPOCHS - 1)));
  const shown = epochs.filter((_, i) => i % every === 0 || i === epochs.length - 1);
  const rows = places.flatMap(({ node, source, series }) => series.map((of) => ({ node, source, ...of })));
  return {
    caption: 'Weight of each operation on each edge, node ← source',
    table: tableOf(rows, [
      ['edge and operation', ({ node, source, text }) => `${node} ← ${sourceName(source)}, ${text}`],
      ...shown.map(
        (epoch) =>
          [
            `epoch ${epoch}`,
            ({ points }: Series) => {
              const point = points.find(({ x }) => x === epoch);
              return point === undefined ? NONE : fourDigits(point.mid);
            },
          ] as const,
      ),
    ]),
  };
};

/** The panels of one cell: a row of them per node, in the columns of the sources. */
const cellRows = (
  edges: readonly (readonly Series[])[],
  { runs, top }: { runs: readonly LoadedRun[]; top: number },
): Row[] => {
  const places = edges.map((series, row) => ({ ...edgeOf(row), series }));
  const last = Math.max(...places.map(({ node }) => node));
  const panelAt = (node: number, source: number): object | undefined => {
    const edge = places.find((p) => p.node === node && p.source === source);
    const title = [`${node} ← ${sourceName(source)}`];
    return (
      edge && {
        marginLeft: 34,
        marginRight: 10,
        marginTop: 22,
        marginBottom: node === last ? 42 : 8,
        x: epochAxis(runs, { label: node === last ? 'epoch' : null, count: 3 }),
        y: { label: null, domain: [0, top], ticks: tenths(top), tickFormat: '.1f', grid: true },
        marks: [
          Plot.text(title, { frameAnchor: 'top', dy: -17, fontSize: 12, fontWeight: 'bold' }),
          ...phaseMarks(runs),
          ...seriesMarks(edge.series, { width: 1.5, dense: true }),
        ],
      }
    );
  };
  const data = weightsTable(places);
  return Array.from({ length: last + 1 }, (_, node) => ({
    ...(node === 0 ? { data: [data] } : {}),
    height: node === last ? 138 : 104,
    panels: Array.from({ length: Math.max(LEAST_COLUMNS, last + 2) }, (_, source) => panelAt(node, source)),
  }));
};

/**
 * Figures 3 and 7: how the architecture of the backbone moves. They show the weight of every operation on every edge
 * over epochs, and above them the total movement from one epoch to the next. Without scaling in figure 3, with it in
 * figure 7.
 */
export const alpha: FigureKind = {
  name: 'alpha',
  of: 'row',
  page: 'alone',
  draw: ({ label, name, text: title, runs }) => {
    const [first] = runs.flatMap(({ records }) => records);
    const weights = Object.entries(first === undefined ? {} : opWeightsOf(first, { component: BACKBONE }));
    if (weights.length === 0) refuse(`${name} must have alpha of the ${BACKBONE}, got none`);
    const primitives = runs[0]?.info.experiment.space?.primitives ?? [];
    const count = Math.max(...weights.flatMap(([, rows]) => rows.map((row) => row.length)));
    const names = Array.from({ length: count }, (_, op) => primitives[op] ?? `operation ${op + 1}`);
    const operations = operationLooks(names).map((look, op) => ({ text: names[op] ?? '', look }));
    const cells = weights.map(([kind, rows]) => ({
      kind,
      edges: rows.map((_, edge) =>
        operations.map((of, op) => ({
          ...of,
          points: overEpochs(runs, (record) => weightsOf(record, kind)?.[edge]?.[op]),
        })),
      ),
    }));
    const points = cells.flatMap(({ edges }) => edges.flatMap((series) => series.flatMap((of) => of.points)));
    const top = Math.min(1, Math.ceil(Math.max(...points.map(({ mid }) => mid)) * 10) / 10);
    // Of a single epoch there is no drift.
    const drifts = runs.some(({ records }) => records.length > 1);
    const above =
      'top, drift of the operation weights: mean over edges of the total variation from epoch to epoch; below, ';
    const kinds = cells.map(({ kind }) => kind);
    return {
      title: `Architecture of the ${BACKBONE} over epochs, ${title}`,
      caption:
        `${label}: ${drifts ? above : ''}the weights of all operations, one panel per edge: “node ← source”, ` +
        `c(k−2) and c(k−1) are the inputs of the cell.${phaseCaption(runs)}` +
        (runs.length === 1 ? '' : ' Of operation weights means alone are drawn, which move less than each run does.'),
      rows: [
        ...(drifts ? driftRows(runs, kinds) : []),
        { legend: operations.map(({ text, look }) => ({ text, line: look })) },
        ...cells.flatMap(({ kind, edges }): Row[] => [
          { heading: `Operation weights in the ${kind} cell` },
          ...cellRows(edges, { runs, top }),
        ]),
      ],
    };
  },
};
