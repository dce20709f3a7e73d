import {
  ADDED,
  type Column,
  changedAccuraciesTable,
  changedClaimsTable,
  columnKey,
  finished,
  MARKS,
  NONE,
  type ResultRow,
  resultColumns,
  type Sensitivity,
  tableOf,
} from '../measure/index.js';
import { tableText } from './format.js';

/** One line per row, also for those of which no run is done. */
export const resultTable = (
  names: readonly string[],
  { rows, seeds }: { rows: readonly ResultRow[]; seeds: number },
): string => {
  const inRow =
    (cell: (row: ResultRow) => string, otherwise = NONE) =>
    (name: string): string =>
      rows.filter((row) => row.name === name).map(cell)[0] ?? otherwise;
  const shown = resultColumns('Paper', 'Ours', 'Difference', 'Chosen on test', 'Time', 'Memory');
  const columns: Column<string>[] = [
    ['Recipe', (name) => name],
    ...shown.map(([heading, cell]): Column<string> => [heading, inRow(cell)]),
    ['Seeds', inRow((row) => `${finished(row)} of ${seeds}`, `0 of ${seeds}`)],
  ];
  return tableText(tableOf(names, columns));
};

/** What has to be known to read the table. */
export const NOTE = `Paper: one run per row, scored on the set that its test-time mixing is picked on (– on other data)
Ours: mean ± standard deviation over seeds of the test accuracy in percent, mixing picked on validation images
Chosen on test: ours with the mixing picked as the paper does`;

/** What each change makes of the paper's claims, and what it adds to accuracies: a line per change. */
export const sensitivityText = (lines: readonly Sensitivity[]): string =>
  [
    tableText(changedClaimsTable(lines)),
    MARKS,
    columnKey(lines),
    `\n${ADDED}`,
    tableText(changedAccuraciesTable(lines)),
  ].join('\n');
