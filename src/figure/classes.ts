import { fixed, grouped, mean, pooled, tableOf } from '../measure/index.js';
import { refuse } from './canvas.js';
import { named, namedY, panelOf } from './chart.js';
import type { FigureKind, Seeds } from './kind.js';

/** 1, 2, 5, 10, 20 … from `least` to `most`. */
const roundCounts = (least: number, most: number): number[] =>
  Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((m) => m * 10 ** power))
    .flat()
    .filter((n) => n >= least && n <= most);

/** Test accuracy of every class, a column per row of runs. */
const classesTable = (rows: readonly Seeds[]) => {
  const data = rows[0]?.runs[0]?.info.data;
  return tableOf(
    [...(data?.classes.keys() ?? [])],
    [
      ['class', (c) => data?.classes[c] ?? String(c)],
      ['training images', (c) => grouped(data?.counts.train[c] ?? 0)],
      ...rows.map(
        ({ label, runs }) =>
          [
            label,
            (c: number) => {
              const known = runs.flatMap(({ evaluation }) => evaluation?.perClassAccuracy[c] ?? []);
              return fixed(known.length === 0 ? null : 100 * mean(known), 1);
            },
          ] as const,
      ),
    ],
  );
};

/** Who gains and who loses: test accuracy of every class against its training images. Empty classes are left out. */
export const classes: FigureKind = {
  name: 'classes',
  of: 'rows',
  page: 'always',
  draw: (rows) => {
    const series = rows.flatMap(({ label, look, runs }) => {
      const finished = runs.flatMap(({ info, evaluation }) => (evaluation ? [{ info, evaluation }] : []));
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
    if (series.length === 0) refuse('at least 1 run must be finished, got none; finish it with tailnas resume');
    const counts = series.flatMap(({ points }) => points.map(({ x }) => x));
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    const domain = least === most ? [least / 2, most * 2] : [least, most];
    const x = { ...named('training images of the class'), domain, ticks: roundCounts(least, most), tickFormat: 'd' };
    const y = { ...namedY('test accuracy (%)'), domain: [0, 100] };
    return {
      title: 'Test accuracy of every class against its training images',
      caption:
        'Accuracy on the test split of every class, the smallest at the left; methods that mix, each at its own ' +
        'test-time mixing.',
      // Each point is a class: all are marked.
      rows: [
        { legend: series },
        panelOf(series, {
          height: 360,
          x: { ...x, type: 'log' },
          y,
          markers: Number.POSITIVE_INFINITY,
          data: [{ caption: 'Test accuracy of each class (%)', table: classesTable(rows) }],
        }),
      ],
    };
  },
};
