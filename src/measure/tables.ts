import type { ClaimResult, Verdict } from './claims.js';
import { bytes, countText, durationWithUnits, fixed, interval, meanAndSd, NONE, signed } from './format.js';
import type { Range, ResultRow } from './results.js';
import { accuraciesIn, claimsIn, type Sensitivity } from './sensitivity.js';
import { type Estimate, significant } from './statistics.js';
import { type Column, type Table, tableOf } from './table.js';

/** The number of finished runs of a row. */
export const finished = ({ seeds, unfinished }: ResultRow): number => seeds.length - unfinished.length;

const MILLION = / million$/;

/** `16.5 to 18.2 million`. */
const rangeText = (range: Range | undefined): string => {
  if (range === undefined) return NONE;
  const [least, most] = range.map(countText);
  if (least === undefined || most === undefined || least === most) return most ?? NONE;
  return `${MILLION.test(most) ? least.replace(MILLION, '') : least} to ${most}`;
};

const RESULTS = {
  Method: ({ label }) => label,
  Seeds: (row) => String(finished(row)),
  Paper: ({ paper }) => fixed(paper),
  Ours: meanAndSd,
  'All images': meanAndSd,
  Difference: ({ difference }) => signed(difference),
  'Mean per class': ({ meanPerClass }) => meanAndSd(meanPerClass),
  Head: ({ ranks }) => fixed(ranks.head, 1),
  Middle: ({ ranks }) => fixed(ranks.middle, 1),
  Tail: ({ ranks }) => fixed(ranks.tail, 1),
  'Many (> 100)': ({ shots }) => fixed(shots.many, 1),
  'Medium (20 to 100)': ({ shots }) => fixed(shots.medium, 1),
  'Few (< 20)': ({ shots }) => fixed(shots.few, 1),
  'Mixing chosen': ({ mixing }) => mixing.map((m) => Number(m.toFixed(3))).join(', ') || NONE,
  'Chosen on test': ({ optimistic }) => meanAndSd(optimistic),
  Weights: ({ size }) => rangeText(size?.weights),
  'Multiply-adds': ({ size }) => rangeText(size?.multiplyAdds),
  Time: ({ seconds }) => durationWithUnits(seconds),
  Memory: ({ peakMemoryBytes }) => bytes(peakMemoryBytes),
} satisfies Record<string, (row: ResultRow) => string>;

/** Columns of a table of results, by their headings. */
export const resultColumns = (...headings: (keyof typeof RESULTS)[]): Column<ResultRow>[] =>
  headings.map((heading) => [heading, RESULTS[heading]]);

/** What only some tables have: what the paper reports, the test-time mixing, and how large networks are. */
export const columnsNeeded = (rows: readonly ResultRow[]) => ({
  paper: rows.some(({ paper }) => paper !== null),
  mixing: rows.some(({ mixing }) => mixing.length > 0),
  size: rows.some(({ size }) => size !== null),
});

/** The claims, and what these runs say of each. */
export const claimsTable = (claims: readonly ClaimResult[]): Table =>
  tableOf(claims, [
    ['Claim', ({ claim, where }) => `${claim} (${where})`],
    ['Verdict', ({ verdict }) => verdict],
    ['Paper', ({ paper }) => signed(paper)],
    ['Mean (95 % interval)', ({ estimate, unit }) => `${interval(estimate)} ${unit}`],
    ['Scored on validation', ({ validation }) => interval(validation)],
    ['Seeds', ({ seeds }) => String(seeds.length)],
  ]);

const MARK: Readonly<Record<Verdict, string>> = { holds: '✓', 'does not hold': '✗', inconclusive: '?' };

const columnName = ({ name }: ClaimResult): string => name.replaceAll('-', ' ');
const isSignificant = (shift: Estimate | null): boolean => shift !== null && significant(shift);

const CHANGE: readonly Column<Sensitivity>[] = [
  ['Change', ({ change }) => change || 'unchanged'],
  ['Seeds', ({ seeds }) => String(seeds.length)],
];

/** What each change makes of the claims that it touches: `+3.36 ✓*`, the mean, the verdict, and whether that moved. */
export const changedClaimsTable = (lines: readonly Sensitivity[]): Table =>
  tableOf(lines, [
    ...CHANGE,
    ...claimsIn(lines).map(
      (column): Column<Sensitivity> => [
        columnName(column),
        ({ claims }) =>
          claims
            .filter(({ name }) => name === column.name)
            .map((c) => `${signed(c.estimate.mean)} ${MARK[c.verdict]}${isSignificant(c.shift) ? '*' : ''}`)
            .join(),
      ],
    ),
  ]);

/** What each change adds to the test accuracy of each recipe: `+3.36 (+1.20 to +5.52) *`; without one, the accuracy. */
export const changedAccuraciesTable = (lines: readonly Sensitivity[]): Table =>
  tableOf(lines, [
    ...CHANGE,
    ...accuraciesIn(lines).map(
      ({ recipe, label }): Column<Sensitivity> => [
        label,
        ({ change, accuracies }) => {
          const found = accuracies.find((a) => a.recipe === recipe);
          if (found === undefined || change === '') return found === undefined ? '' : fixed(found.estimate.mean);
          return interval(found.shift) + (isSignificant(found.shift) ? ' *' : '');
        },
      ],
    ),
  ]);

/** How the table of changed claims is to be read. */
export const MARKS =
  '✓ holds, ✗ does not hold, ? inconclusive; * significantly different from the unchanged recipes: the 95 % interval ' +
  'of the difference at equal seed excludes 0 (not tested where the worst of several is shown). Empty: the change ' +
  'does not affect the claim, or a recipe that it affects has no runs with it. About one cell in twenty may be ' +
  'marked by chance.';

/** The meaning of its columns. */
export const columnKey = (lines: readonly Sensitivity[]): string =>
  `${claimsIn(lines)
    .map((column) => `${columnName(column)}: ${column.claim}`)
    .join('; ')}.`;

/** What the table of changed accuracies is of. */
export const ADDED =
  'Test accuracy in percent, and what each change adds to it in points at equal seed: the mean and its 95 % ' +
  'interval, * where that excludes 0.';
