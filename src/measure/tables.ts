import type { ClaimResult, Verdict } from './claims.js';
import { bytes, durationWithUnits, fixed, interval, meanAndSd, NONE, signed } from './format.js';
import type { ResultRow } from './results.js';
import { accuraciesIn, type ChangedClaim, claimsIn, type Sensitivity } from './sensitivity.js';
import { significant } from './statistics.js';
import { type Column, type Table, tableOf } from './table.js';

/** The number of finished runs of a row. */
export const finished = ({ seeds, unfinished }: ResultRow): number => seeds.length - unfinished.length;

const digits1 = (heading: string, of: (row: ResultRow) => number | null): Column<ResultRow> => ({
  heading,
  cell: (row) => fixed(of(row), 1),
});

/** What a table of results may show of a row. */
export const resultColumns = {
  method: { heading: 'Method', cell: ({ label }) => label },
  seeds: { heading: 'Seeds', cell: (row) => String(finished(row)) },
  paper: { heading: 'Paper', cell: ({ paper }) => fixed(paper) },
  ours: { heading: 'Ours', cell: meanAndSd },
  difference: { heading: 'Difference', cell: ({ difference }) => signed(difference) },
  meanPerClass: { heading: 'Mean per class', cell: ({ meanPerClass }) => fixed(meanPerClass) },
  head: digits1('Head', ({ ranks }) => ranks.head),
  middle: digits1('Middle', ({ ranks }) => ranks.middle),
  tail: digits1('Tail', ({ ranks }) => ranks.tail),
  many: digits1('Many (> 100)', ({ shots }) => shots.many),
  medium: digits1('Medium (20 to 100)', ({ shots }) => shots.medium),
  few: digits1('Few (< 20)', ({ shots }) => shots.few),
  mixing: {
    heading: 'Mixing chosen',
    cell: ({ mixing }) => mixing.map((m) => Number(m.toFixed(3))).join(', ') || NONE,
  },
  optimistic: { heading: 'Chosen on test', cell: ({ optimistic }) => meanAndSd(optimistic) },
  time: { heading: 'Time', cell: ({ seconds }) => durationWithUnits(seconds) },
  memory: { heading: 'Memory', cell: ({ peakMemoryBytes }) => bytes(peakMemoryBytes) },
} satisfies Record<string, Column<ResultRow>>;

/** What a table of claims may show of each. */
export const claimColumns = {
  claim: { heading: 'Claim', cell: ({ claim, where }) => `${claim} (${where})` },
  verdict: { heading: 'Here it', cell: ({ verdict }) => verdict },
  paper: { heading: 'Paper', cell: ({ paper }) => signed(paper) },
  mean: { heading: 'Mean (95 % interval)', cell: ({ estimate, unit }) => `${interval(estimate)} ${unit}` },
  optimistic: { heading: 'With the mixing chosen on test', cell: ({ optimistic }) => interval(optimistic) },
  validation: { heading: 'Scored on validation', cell: ({ validation }) => interval(validation) },
  seeds: { heading: 'Seeds', cell: ({ seeds }) => String(seeds.length) },
} satisfies Record<string, Column<ClaimResult>>;

const MARK: Readonly<Record<Verdict, string>> = { holds: '✓', 'does not hold': '✗', 'not shown': '?' };

/** `+3.36 ✓*`: the mean, whether the claim holds, and a star where the change moved it significantly. */
const markedMean = ({ estimate, verdict, shift }: ChangedClaim): string =>
  `${signed(estimate.mean)} ${MARK[verdict]}${shift !== null && significant(shift) ? '*' : ''}`;

const columnName = ({ name }: ClaimResult): string => name.replaceAll('-', ' ');

const changeColumns: readonly Column<Sensitivity>[] = [
  { heading: 'Changed', cell: ({ change }) => change || 'as it stands' },
  { heading: 'Seeds', cell: ({ seeds }) => String(seeds.length) },
];

/** What each change makes of the claims that it touches. */
export const changedClaimsTable = (lines: readonly Sensitivity[]): Table =>
  tableOf(lines, [
    ...changeColumns,
    ...claimsIn(lines).map((column) => ({
      heading: columnName(column),
      cell: ({ claims }: Sensitivity) => {
        const claim = claims.find(({ name }) => name === column.name);
        return claim === undefined ? '' : markedMean(claim);
      },
    })),
  ]);

/** What each change adds to the test accuracy of each recipe: `+3.36 (+1.20 to +5.52) *`; without one, the accuracy. */
export const changedAccuraciesTable = (lines: readonly Sensitivity[]): Table =>
  tableOf(lines, [
    ...changeColumns,
    ...accuraciesIn(lines).map(({ recipe, label }) => ({
      heading: label,
      cell: ({ change, accuracies }: Sensitivity) => {
        const found = accuracies.find((a) => a.recipe === recipe);
        if (found === undefined) return '';
        if (change === '') return fixed(found.estimate.mean);
        return interval(found.shift) + (found.shift !== null && significant(found.shift) ? ' *' : '');
      },
    })),
  ]);

/** How the table of changed claims is to be read. */
export const MARKS =
  '✓ holds, ✗ does not hold, ? not shown; * moved: the 95 % interval of the difference to the recipes as they stand, ' +
  'at equal seed, leaves out 0 (not tested where the worst of several is shown); empty where the change does not ' +
  'touch the claim, or not all recipes that it touches have runs with it. Of so many cells one in twenty may be ' +
  'marked by chance.';

/** What its columns stand for. */
export const columnKey = (lines: readonly Sensitivity[]): string =>
  `${claimsIn(lines)
    .map((column) => `${columnName(column)}: ${column.claim}`)
    .join('; ')}.`;

/** What the table of changed accuracies is of. */
export const ADDED =
  'Test accuracy in percent, and what each change adds to it in points at equal seed: the mean and its 95 % interval, ' +
  '* where that leaves out 0.';
