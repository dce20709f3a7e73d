import { ADDED, accuracyCells, columnKey, MARKS, sensitivityCells } from '../report/page-claims.js';
import type { ResultRow } from '../report/results.js';
import type { Sensitivity } from '../report/sensitivity.js';
import { bytes, duration, table } from './format.js';

const fixed = (value: number | null): string => (value === null ? '–' : value.toFixed(2));
const spread = (mean: number | null, sd: number | null): string => fixed(mean) + (sd === null ? '' : ` ± ${fixed(sd)}`);

/** One line a recipe, also of those of which no run is done. */
export const resultTable = (
  names: readonly string[],
  { rows, seeds }: { rows: readonly ResultRow[]; seeds: number },
): string =>
  table(
    [
      ['name', 'paper %', 'ours %', 'difference', 'best on test %', 'time a run', 'peak memory', 'seeds'],
      ...names.map((name) => {
        const row = rows.find((r) => r.name === name);
        if (row === undefined) return [name, ...new Array<string>(6).fill('–'), `0 of ${seeds}`];
        const { difference, optimistic, seconds, peakMemoryBytes } = row;
        return [
          name,
          fixed(row.paper),
          spread(row.mean, row.sd),
          `${difference !== null && difference >= 0 ? '+' : ''}${fixed(difference)}`,
          spread(optimistic?.mean ?? null, optimistic?.sd ?? null),
          seconds === null ? '–' : duration(seconds),
          peakMemoryBytes === null ? '–' : bytes(peakMemoryBytes),
          `${row.runs.length - row.unfinished.length} of ${seeds}`,
        ];
      }),
    ],
    { right: [1, 2, 3, 4, 5, 6, 7] },
  );

/** What has to be known to read the table. */
export const NOTE = `paper: one run a row, scored on the set that its test-time mixing is picked on (CIFAR-10-LT at ratio 100; – on other data)
ours: mean ± standard deviation over seeds of the test accuracy, mixing picked on validation images
best on test: ours with the mixing picked as the paper does`;

/** What each change makes of the paper's claims, and what it adds to accuracies: a line a change. */
export const sensitivityText = (lines: readonly Sensitivity[]): string => {
  const drawn = ({ head, cells }: { head: readonly string[]; cells: readonly string[][] }): string =>
    table([[...head], ...cells], { right: head.slice(1).map((_, i) => i + 1) });
  return [drawn(sensitivityCells(lines)), MARKS, columnKey(lines), `\n${ADDED}`, drawn(accuracyCells(lines))].join(
    '\n',
  );
};
