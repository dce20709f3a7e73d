import { interval } from './format.js';
import { byRow, isSearch, type Row } from './rows.js';
import type { LoadedRun } from './runs.js';
import { type Estimate, estimateOf } from './statistics.js';
import { type Column, type Table, tableOf } from './table.js';

/** How two networks differ in accuracy at equal seed, in points: every class counts the same. */
export interface Differing {
  readonly row: Row;
  readonly other: Row;
  /** Of `row` less `other`, over the seeds that both have. */
  readonly estimate: Estimate;
  readonly seeds: readonly number[];
}

const accuracies = ({ runs }: Row): ReadonlyMap<number, number> =>
  new Map(
    runs.flatMap(({ info, evaluation }) =>
      evaluation === undefined ? [] : [[info.seed, 100 * evaluation.meanPerClassAccuracy] as const],
    ),
  );

/** Each trained network less each that stands before it, where both were tested with at least two equal seeds. */
export const differences = (runs: readonly LoadedRun[]): Differing[] => {
  const rows = byRow(runs.filter(({ info }) => !isSearch(info))).map((row) => ({ row, own: accuracies(row) }));
  return rows.flatMap(({ row, own }, i) =>
    rows.slice(0, i).flatMap(({ row: other, own: others }) => {
      const seeds = [...own.keys()].filter((seed) => others.has(seed)).sort((a, b) => a - b);
      if (seeds.length < 2) return [];
      return [{ row, other, seeds, estimate: estimateOf(seeds.map((s) => (own.get(s) ?? 0) - (others.get(s) ?? 0))) }];
    }),
  );
};

/** The differences as a triangle: a line per network, a column per network before it. */
export const differencesTable = (found: readonly Differing[]): Table => {
  const [lines, columns] = [new Set(found.map(({ row }) => row)), new Set(found.map(({ other }) => other))];
  return tableOf(
    [...lines],
    [
      ['Points above, at equal seed (95 %)', ({ label }) => label],
      ...[...columns].map(
        (other): Column<Row> => [
          other.label,
          (row) => {
            const pair = found.find((one) => one.row === row && one.other === other);
            return pair === undefined ? '' : interval(pair.estimate);
          },
        ],
      ),
    ],
  );
};
