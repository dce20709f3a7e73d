import * as Plot from '@observablehq/plot';
import {
  type ClassResult,
  classResults,
  fixed,
  grouped,
  type LoadedRun,
  NONE,
  plural,
  tableOf,
} from '../measure/index.js';
import { type Figure, figure, type Row } from './canvas.js';
import { named } from './chart.js';
import { COLORS } from './looks.js';
import { fitted, textWidth } from './text.js';

/** Of many classes, so many of the largest and of the smallest are drawn: the table has all. */
const LARGEST = 20;
const SMALLEST = 40;

const SIZE = 13;
const LINE = 22;
const LONGEST = 150; // pixels of a name
const GROUPS = { head: COLORS.blue, middle: COLORS.green, tail: COLORS.vermillion } as const;

const percentOf = (share: number): number => 100 * share;

/** Class results of a finished run; empty for one that is not. */
export const resultsOf = ({ info, evaluation }: LoadedRun): ClassResult[] => {
  const { classes, counts } = info.data;
  return evaluation === undefined ? [] : classResults(evaluation.confusion, { classes, trainCounts: counts.train });
};

const panelOf = (results: readonly ClassResult[], { margin, last }: { margin: number; last: boolean }) => {
  const color = GROUPS[results[0]?.group ?? 'head'];
  // Names may repeat once they are cut short: places are what the axis goes by.
  const names = results.map(({ name }) => fitted(name, { size: SIZE, width: LONGEST }));
  const known = results.flatMap(({ recall, interval }, y) =>
    recall === null || interval === null
      ? []
      : [{ y, recall: percentOf(recall), low: percentOf(interval[0]), high: percentOf(interval[1]) }],
  );
  return {
    marginLeft: margin,
    marginRight: 16,
    marginTop: 4,
    marginBottom: last ? 42 : 4,
    x: {
      ...named(last ? 'right of its test images (%)' : null),
      ...{ domain: [0, 100], ticks: [0, 25, 50, 75, 100], tickFormat: last ? 'd' : () => '', tickSize: last ? 6 : 0 },
      grid: true,
    },
    y: {
      ...({ label: null, type: 'band', domain: [...results.keys()], tickSize: 0, padding: 0 } as const),
      tickFormat: (y: number) => names[y] ?? '',
    },
    marks: [
      Plot.ruleY(known, { x1: 'low', x2: 'high', y: 'y', stroke: color, strokeWidth: 2 }),
      ...(['low', 'high'] as const).map((end) =>
        Plot.tickX(known, { x: end, y: 'y', stroke: color, strokeWidth: 2, inset: 6 }),
      ),
      Plot.dot(known, { x: 'recall', y: 'y', r: 4.5, fill: color, stroke: '#ffffff' }),
    ],
  };
};

const rangeText = (results: readonly ClassResult[]): string => {
  const counts = results.map(({ trainImages }) => trainImages);
  const [most, least] = [Math.max(...counts), Math.min(...counts)];
  return most === least ? plural(most, 'training image') : `${grouped(most)} to ${plural(least, 'training image')}`;
};

/**
 * How often each class of a run's test images is answered right, by name, the largest in training first, with intervals
 * over test images. Throws a RangeError when the run is not tested.
 */
export const byClassFigure = (run: LoadedRun): Figure => {
  const all = resultsOf(run);
  if (all.length === 0) throw new RangeError(`Cannot draw classes: ${run.path} must be tested, it is not`);
  const skipped = (n: number) => (n === 0 ? '' : ` ${plural(n, 'class', 'classes')} between are left out.`);
  const left = all.length > LARGEST + SMALLEST ? all.length - LARGEST - SMALLEST : 0;
  const shown = left === 0 ? all : [...all.slice(0, LARGEST), ...all.slice(-SMALLEST)];
  const widths = shown.map(({ name }) => Math.min(LONGEST, textWidth(name, { size: SIZE })));
  const margin = 14 + Math.max(40, ...widths);
  const groups = (['head', 'middle', 'tail'] as const)
    .map((group) => shown.filter((of) => of.group === group))
    .filter((results) => results.length > 0);
  return figure('by-class', {
    title: 'How often each class is answered right',
    caption:
      'The largest class in training first. Dots: share of its test images answered with it (recall); lines: ' +
      `95 % interval over test images (Wilson).${skipped(left)}`,
    rows: groups.flatMap((results, i): Row[] => {
      const last = i === groups.length - 1;
      const group = results[0]?.group ?? '';
      return [
        { heading: `${group.charAt(0).toUpperCase()}${group.slice(1)}: ${rangeText(results)}` },
        {
          height: results.length * LINE + (last ? 46 : 8),
          panels: [panelOf(results, { margin, last })],
          data: [
            {
              caption: `Classes of the ${group}`,
              table: tableOf(results, [
                ['class', ({ name }) => name],
                ['right (%)', ({ recall }) => fixed(recall === null ? null : percentOf(recall), 1)],
                [
                  '95 % interval',
                  ({ interval }) =>
                    interval === null ? NONE : interval.map((end) => percentOf(end).toFixed(1)).join(' to '),
                ],
              ]),
            },
          ],
        },
      ];
    }),
  });
};
