import {
  ADDED,
  changedAccuraciesTable,
  changedClaimsTable,
  claimsIn,
  claimsTable,
  columnKey,
  columnsNeeded,
  comparedTable,
  differences,
  differencesTable,
  fitResults,
  isPapersData,
  type LoadedFit,
  type LoadedRun,
  MARKS,
  measureClaims,
  requireComparable,
  resultColumns,
  resultRows,
  searchHelped,
  sensitivityOf,
  type Table,
  tableOf,
  withoutCommon,
} from '../measure/index.js';

/** What stands in a report as text: its tables in order, and sentences between them. */
export type TextPart = Table | string;

/**
 * The tables of the report: results, a line per row; of a user's own data both accuracies, else what the paper reports,
 * its claims, and what depends on each change of a method. Throws a ComparisonError when the runs may not stand in one
 * table.
 */
export const reportParts = (given: readonly LoadedRun[]): TextPart[] => {
  const runs = withoutCommon(given);
  requireComparable(runs);
  const rows = resultRows(runs);
  const { paper, mixing, size } = columnsNeeded(rows);
  const columns = [
    ...resultColumns('Method', 'Seeds', ...(paper ? (['Paper'] as const) : [])),
    ...(runs.some(({ info }) => isPapersData(info))
      ? resultColumns('Ours', ...(paper ? (['Difference'] as const) : []))
      : resultColumns('Mean per class', 'All images')),
    ...resultColumns('Head', 'Middle', 'Tail', ...(mixing ? (['Mixing chosen', 'Chosen on test'] as const) : [])),
    ...resultColumns(...(size ? (['Weights', 'Multiply-adds'] as const) : []), 'Time'),
  ];
  const claims = measureClaims(runs);
  const differing = differences(runs);
  const lines = sensitivityOf(runs);
  return [
    tableOf(rows, columns),
    ...(differing.length === 0 ? [] : [differencesTable(differing)]),
    ...(claims.length === 0 ? [] : [claimsTable(claims)]),
    ...(claimsIn(lines).length === 0 ? [] : [changedClaimsTable(lines), MARKS, columnKey(lines)]),
    ...(lines.length === 0 ? [] : [ADDED, changedAccuraciesTable(lines)]),
  ];
};

/** The networks of a fit compared, and in words whether the search helped. */
export const fitParts = (fit: LoadedFit): TextPart[] => {
  const results = fitResults(fit);
  return [comparedTable(results), ...searchHelped(results).map(({ text }) => text)];
};
