import { type Figure, FigureError, figure } from '../plot.js';
import type { LoadedRun } from '../runs.js';
import { named, namedY, PANEL, spreadCaption } from './axes.js';
import { seedsOf } from './runs.js';
import { legendOf, pooled, seriesMarks } from './series.js';

/** Who pays and who gains: test accuracy of every class against its number of training images, one line a recipe. Classes without images are left out. */
export const classAccuracy = (runs: readonly LoadedRun[]): Figure => {
  const what = 'accuracy by class';
  const series = seedsOf(runs, { what }).flatMap(({ label, look, runs: members }) => {
    const finished = members.flatMap(({ info, evaluation }) =>
      evaluation === undefined ? [] : [{ info, evaluation }],
    );
    const points = pooled(
      finished.map(({ info, evaluation }) =>
        info.data.counts.train.map((x, c) => {
          const accuracy = evaluation.perClassAccuracy[c] ?? null;
          return { x, y: x === 0 || accuracy === null ? null : 100 * accuracy, key: c };
        }),
      ),
    );
    return points.length === 0 ? [] : [{ look, text: `${label} (n = ${finished.length})`, points }];
  });
  if (series.length === 0)
    throw new FigureError(
      `Cannot draw ${what}: at least 1 run must be finished, got none; finish it with tailnas resume`,
    );
  const counts = series.flatMap(({ points }) => points.map(({ x }) => x));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return figure(
    {
      name: 'classes',
      title: 'Test accuracy of every class against its training images',
      caption: `Accuracy on the test split of every class, the smallest at the left; methods that mix, each at its own test-time mixing.${spreadCaption(runs)}`,
    },
    {
      rows: [
        { legend: legendOf(series) },
        {
          height: 360,
          panels: [
            {
              ...PANEL,
              x: {
                ...named('training images of the class'),
                type: 'log',
                domain: least === most ? [least / 2, most * 2] : [least, most],
                ticks: roundCounts(least, most),
                tickFormat: 'd',
              },
              y: { ...namedY('test accuracy (%)'), domain: [0, 100], grid: true },
              // A class each: all are marked.
              marks: seriesMarks(series, { markers: Number.POSITIVE_INFINITY }),
            },
          ],
        },
      ],
    },
  );
};

/** 1, 2, 5, 10, 20 … from `least` to `most`. */
const roundCounts = (least: number, most: number): number[] =>
  Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((m) => m * 10 ** power))
    .flat()
    .filter((n) => n >= least && n <= most);
