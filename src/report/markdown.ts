import { type ClaimResult, measureClaims } from './claims.js';
import { ADDED, accuracyCells, columnKey, interval, MARKS, sensitivityCells } from './page-claims.js';
import { accuracy, meanAndSd, NONE, signed, time } from './page-html.js';
import { requireComparable, resultRows, withoutCommon } from './results.js';
import type { LoadedRun } from './runs.js';
import { sensitivityOf } from './sensitivity.js';

/** A Markdown table whose source lines up; columns after the first are aligned to the right. */
const table = ([head = [], ...rows]: readonly (readonly string[])[]): string => {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((w, i) => (i === 0 ? '-'.repeat(w + 2) : `${'-'.repeat(w + 1)}:`)).join('|')}|`;
  const [first = [], ...rest] = all;
  return [line(first), rule, ...rest.map(line)].join('\n');
};

const claimRow = ({ claim, where, verdict, paper, estimate, unit, validation, seeds }: ClaimResult): string[] => [
  `${claim} (${where})`,
  verdict,
  signed(paper),
  `${interval(estimate)} ${unit}`,
  interval(validation),
  String(seeds.length),
];

/**
 * The tables of the report as Markdown: results, one row a method; the paper's claims; and what changes of the method make of these. Throws a ComparisonError when the runs may not stand in
 * one table.
 */
export const markdown = (given: readonly LoadedRun[]): string => {
  const runs = withoutCommon(given);
  requireComparable(runs);
  const rows = resultRows(runs);
  const claims = measureClaims(runs);
  const results = table([
    [
      'Method',
      'Seeds',
      'Paper',
      'Ours',
      'Difference',
      'Head',
      'Middle',
      'Tail',
      'Mixing chosen',
      'Chosen on test',
      'Time',
    ],
    ...rows.map((row) => [
      row.label,
      String(row.seeds.length - row.unfinished.length),
      accuracy(row.paper),
      meanAndSd(row.mean, row.sd),
      signed(row.difference),
      accuracy(row.ranks.head, { digits: 1 }),
      accuracy(row.ranks.middle, { digits: 1 }),
      accuracy(row.ranks.tail, { digits: 1 }),
      row.mixing.length === 0 ? NONE : row.mixing.map((m) => Number(m.toFixed(3))).join(', '),
      meanAndSd(row.optimistic?.mean ?? null, row.optimistic?.sd ?? null),
      time(row.seconds),
    ]),
  ]);
  const claimed = table([
    ['Claim', 'Here it', 'Paper', 'Mean (95 % interval)', 'Scored on validation', 'Seeds'],
    ...claims.map(claimRow),
  ]);
  const lines = sensitivityOf(runs);
  const sensitive = sensitivityCells(lines);
  const accuracies = accuracyCells(lines);
  return [
    results,
    ...(claims.length === 0 ? [] : [claimed]),
    ...(lines.length === 0
      ? []
      : [
          table([sensitive.head, ...sensitive.cells]),
          MARKS,
          columnKey(lines),
          ADDED,
          table([accuracies.head, ...accuracies.cells]),
        ]),
  ].join('\n\n');
};
