import {
  ADDED,
  changedAccuraciesTable,
  changedClaimsTable,
  claimsIn,
  claimsTable,
  columnKey,
  columnsNeeded,
  comparedTable,
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

/** A cell in which no text of a run folder is markup, or ends its row. */
const cellText = (text: string): string => text.replace(/[|<[`]/g, '\\$&').replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');

/** A Markdown table whose source lines up; columns after the first are aligned to the right. */
const tableText = ({ headings, rows }: Table): string => {
  const lines = [headings, ...rows].map((row) => row.map(cellText));
  const widths = headings.map((_, i) => Math.max(3, ...lines.map((row) => (row[i] ?? '').length)));
  const pad = (cell: string, i: number) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0));
  const [head = '', ...rest] = lines.map((row) => `| ${row.map(pad).join(' | ')} |`);
  const rule = `|${widths.map((w, i) => (i === 0 ? '-'.repeat(w + 2) : `${'-'.repeat(w + 1)}:`)).join('|')}|`;
  return [head, rule, ...rest].join('\n');
};

/**
 * The tables of the report as Markdown: results, a line per row; of a user's own data both accuracies, else what the
 * paper reports, its claims, and what depends on each change of a method. Throws a ComparisonError when the runs may
 * not stand in one table.
 */
export const markdown = (given: readonly LoadedRun[]): string => {
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
  const lines = sensitivityOf(runs);
  const changed = [changedClaimsTable(lines), changedAccuraciesTable(lines)].map(tableText);
  return [
    tableText(tableOf(rows, columns)),
    ...(claims.length === 0 ? [] : [tableText(claimsTable(claims))]),
    ...(claimsIn(lines).length === 0 ? [] : [changed[0], MARKS, columnKey(lines)]),
    ...(lines.length === 0 ? [] : [ADDED, changed[1]]),
  ].join('\n\n');
};

/** The networks of a fit compared, as Markdown, and in words whether the search helped. */
export const fitMarkdown = (fit: LoadedFit): string => {
  const results = fitResults(fit);
  return [tableText(comparedTable(results)), ...searchHelped(results).map(({ text }) => text)].join('\n\n');
};
