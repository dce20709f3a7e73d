import * as Plot from '@observablehq/plot';
import { distances, type LoadedRun, mean, type OpWeights, opWeightsOf } from '../measure/index.js';
import { BACKBONE } from '../paper/index.js';
import type { EpochRecord } from '../run/index.js';
import { epochAxis, namedY, phaseCaption, phaseMarks, spreadCaption } from './axes.js';
import { figure, type Row } from './canvas.js';
import type { FigureKind } from './kind.js';
import { legendOf, type NamedSeries, panelOf, seriesMarks } from './lines.js';
import { operationLooks, seriesLook } from './looks.js';
import { oneRow, overEpochs, refuse } from './rows.js';

/** Panels of cells of few nodes are not made wider than this many in a row. */
const LEAST_COLUMNS = 4;

const weightsOf = (record: EpochRecord | undefined, kind: string): OpWeights | undefined =>
  record && opWeightsOf(record, { component: BACKBONE })[kind];

/** The edge of a cell that a row of its weights is of: node by node, and each node's by source. */
const edgeOf = (row: number): { node: number; source: number } => {
  let [node, source] = [0, row];
  while (source >= node + 2) {
    source -= node + 2;
    node++;
  }
  return { node, source };
};

const sourceName = (source: number): string => ['c(k−2)', 'c(k−1)'][source] ?? String(source - 2);

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
  const y = { ...namedY('drift per epoch'), grid: true, domain: [0, Math.ceil(highest * 20) / 20], ticks: 5 };
  return [
    { legend: legendOf(series) },
    panelOf(series, { height: 190, x: epochAxis(runs), y, below: [Plot.ruleY([0]), ...phaseMarks(runs)] }),
  ];
};

interface EdgePanel {
  readonly node: number;
  readonly source: number;
  readonly series: readonly NamedSeries[];
}

/** The panels of one cell: a row of them per node, in the columns of the sources. */
const cellRows = (
  panels: readonly EdgePanel[],
  { runs, kind, top }: { runs: readonly LoadedRun[]; kind: string; top: number },
): Row[] => {
  const last = Math.max(...panels.map(({ node }) => node));
  const width = Math.max(LEAST_COLUMNS, last + 2);
  const panelAt = (node: number, source: number): Plot.PlotOptions | undefined => {
    const edge = panels.find((p) => p.node === node && p.source === source);
    const bottom = node === last;
    return (
      edge && {
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
      }
    );
  };
  return [
    { heading: `Operation weights in the ${kind} cell` },
    ...Array.from({ length: last + 1 }, (_, node) => ({
      height: node === last ? 138 : 104,
      panels: Array.from({ length: width }, (_, source) => panelAt(node, source)),
    })),
  ];
};

/**
 * Figures 3 and 7: how the architecture of the backbone moves: the weight of every operation on every edge over epochs,
 * and above them how far all of them went from one epoch to the next. Without scaling in figure 3, with it in figure 7.
 */
export const alpha: FigureKind = {
  name: 'alpha',
  of: 'row',
  page: 'alone',
  draw: (runs, name) => {
    const seeds = oneRow(runs, name);
    const first = runs.flatMap(({ records }) => records)[0];
    const weights = Object.entries(first === undefined ? {} : opWeightsOf(first, { component: BACKBONE }));
    if (weights.length === 0) refuse(name, `${seeds.name} must have alpha of the ${BACKBONE}, got none`);
    const count = Math.max(...weights.flatMap(([, rows]) => rows.map((row) => row.length)));
    const primitives = runs[0]?.info.experiment.space?.primitives ?? [];
    const names = Array.from({ length: count }, (_, op) => primitives[op] ?? `operation ${op + 1}`);
    const looks = operationLooks(names);
    const operations = looks.map((look, op) => ({ text: names[op] ?? '', look }));
    const cells = weights.map(([kind, rows]) => ({
      kind,
      panels: rows.map((_, edge): EdgePanel => {
        const points = (op: number) => overEpochs(runs, (record) => weightsOf(record, kind)?.[edge]?.[op]);
        return { ...edgeOf(edge), series: operations.map((of, op) => ({ ...of, points: points(op) })) };
      }),
    }));
    const series = cells.flatMap(({ panels }) => panels.flatMap((panel) => panel.series));
    const highest = Math.max(...series.flatMap(({ points }) => points.map(({ mid }) => mid)));
    const top = Math.min(1, Math.ceil(highest * 10) / 10);
    // Of a single epoch there is no drift.
    const drifts = runs.some(({ records }) => records.length > 1);
    const kinds = cells.map(({ kind }) => kind);
    return figure(
      {
        name,
        title: `Architecture of the ${BACKBONE} over epochs, ${seeds.text}`,
        caption:
          `${seeds.label}: ` +
          (drifts
            ? 'top, drift of the operation weights: mean over edges of the total variation distance to the epoch ' +
              'before; below, '
            : '') +
          'the weights of all operations, one panel per edge: “node ← source”, c(k−2) and c(k−1) are the inputs of ' +
          'the cell.' +
          phaseCaption(runs) +
          spreadCaption(runs) +
          (runs.length === 1 ? '' : ' Below, means alone are drawn, which move less than each run does.'),
      },
      {
        rows: [
          ...(drifts ? driftRows(runs, kinds) : []),
          { legend: operations.map(({ text, look }) => ({ text, line: look })) },
          ...cells.flatMap(({ kind, panels }) => cellRows(panels, { runs, kind, top })),
        ],
      },
    );
  },
};
