import type { ClaimResult, Verdict } from './claims.js';
import { type Html, html, NONE, signed, table } from './page-html.js';
import {
  accuraciesIn,
  type ChangedAccuracy,
  type ChangedClaim,
  claimsIn,
  moved,
  type Sensitivity,
} from './sensitivity.js';
import type { Estimate } from './statistics.js';

/** `+3.36 (+1.20 to +5.52)`; without an interval the mean alone. */
export const interval = (estimate: Estimate | null): string => {
  if (estimate === null) return NONE;
  const { mean, low, high } = estimate;
  return low === null ? signed(mean) : `${signed(mean)} (${signed(low)} to ${signed(high)})`;
};

/** What the paper claims, claim by claim, beside what these runs say of it. */
export const claimsTable = (claims: readonly ClaimResult[]): Html => {
  const paper = claims.some((claim) => claim.paper !== null);
  const scored = claims.some((claim) => claim.optimistic !== null);
  return table(
    claims.map((claim) => [
      html`${claim.claim}<br><small>${claim.where}. Measured: ${claim.measure}, ${claim.unit}</small>`,
      html`<b>${claim.verdict}</b>`,
      ...(paper ? [signed(claim.paper)] : []),
      interval(claim.estimate),
      ...(scored ? [interval(claim.optimistic), interval(claim.validation)] : []),
      String(claim.seeds.length),
    ]),
    {
      numbers: true,
      caption: html`Each is measured so that it is above 0 where the claim holds: the mean over seeds and, in brackets, its 95 % interval
(Student’s t). A claim <b>holds</b> if the interval lies above 0, <b>does not hold</b> if below, and is <b>not shown</b> if 0 lies in it, or one seed says nothing of chance. What is measured
against several holds if it does against each, and does not hold if it fails against one of them by an interval wide enough for the worst of ten; the worst is shown. Seeds share one split of the
images, so an interval is of the chance in training alone. Where there is no difference, one claim in twenty is given a verdict by chance; that a difference is there and not shown is likelier, with few seeds. The paper’s figures are of one run each, with the mixing chosen on the set that is scored: compare them with that column. On the validation split, which is as long-tailed
as training, methods that mix have the best of their mixings.`,
      head: [
        'Claim',
        'Here it',
        ...(paper ? ['Paper'] : []),
        'Mean (95 % interval)',
        ...(scored ? ['With the mixing chosen on test', 'Scored on validation instead'] : []),
        'Seeds',
      ],
    },
  );
};

const MARK: Readonly<Record<Verdict, string>> = { holds: '✓', 'does not hold': '✗', 'not shown': '?' };

/** `+3.36 ✓*`: the mean, whether the claim holds, and a star where that is more than chance from the recipes as they stand. Empty where a change does not touch the claim. */
export const markedMean = (claim: ChangedClaim | undefined): string => {
  if (claim === undefined) return '';
  const star = claim.shift !== null && moved(claim.shift) ? '*' : '';
  return `${signed(claim.estimate.mean)} ${MARK[claim.verdict]}${star}`;
};

/** How marked means are to be read. */
export const MARKS =
  '✓ holds, ✗ does not hold, ? not shown; * moved: the 95 % interval of the difference to the recipes as they stand, at equal seed, leaves out 0 (not tested where the worst of several is shown); empty where the change does not touch the claim, or not all recipes that it touches have runs with it. Of so many cells one in twenty may be marked by chance.';

/** What the second table of sensitivity is of. */
export const ADDED =
  'Test accuracy in percent, and what each change adds to it in points at equal seed: the mean and its 95 % interval, * where that leaves out 0.';

/** What each change makes of the claims: a head, and a line a change. */
export const sensitivityCells = (lines: readonly Sensitivity[]): { head: string[]; cells: string[][] } => {
  const columns = claimsIn(lines);
  return {
    head: ['Changed', 'Seeds', ...columns.map(({ name }) => name.replaceAll('-', ' '))],
    cells: lines.map(({ change, seeds, claims }) => [
      change || 'as it stands',
      String(seeds.length),
      ...columns.map(({ name }) => markedMean(claims.find((c) => c.name === name))),
    ]),
  };
};

/** `+3.36 (+1.20 to +5.52) *`: what a change adds, with a star where that is more than chance; of a recipe as it stands its accuracy. */
const added = (accuracy: ChangedAccuracy | undefined, { change }: { change: string }): string => {
  if (accuracy === undefined) return '';
  if (change === '') return accuracy.estimate.mean.toFixed(2);
  return interval(accuracy.shift) + (accuracy.shift !== null && moved(accuracy.shift) ? ' *' : '');
};

/** What the columns of the claims stand for, in the order of the table. */
export const columnKey = (lines: readonly Sensitivity[]): string =>
  `${claimsIn(lines)
    .map(({ name, claim }) => `${name.replaceAll('-', ' ')}: ${claim}`)
    .join('; ')}.`;

/** What each change adds to the test accuracy of each recipe: a head, and a line a change. */
export const accuracyCells = (lines: readonly Sensitivity[]): { head: string[]; cells: string[][] } => {
  const columns = accuraciesIn(lines);
  return {
    head: ['Changed', 'Seeds', ...columns.map(({ label }) => label)],
    cells: lines.map(({ change, seeds, accuracies }) => [
      change || 'as it stands',
      String(seeds.length),
      ...columns.map(({ recipe }) =>
        added(
          accuracies.find((a) => a.recipe === recipe),
          { change },
        ),
      ),
    ]),
  };
};

/** What hangs on what the paper leaves open: what each change makes of the claims, and what it adds to accuracies. */
export const sensitivityTables = (lines: readonly Sensitivity[]): Html => {
  const [claims, accuracies] = [sensitivityCells(lines), accuracyCells(lines)];
  return html`${table(claims.cells, {
    numbers: true,
    caption: html`What hangs on what the paper leaves open: the claims above, measured anew with one thing changed in every recipe that has runs with it. Means over seeds;
${MARKS} Columns: ${columnKey(lines)}`,
    head: claims.head,
  })}${table(accuracies.cells, {
    numbers: true,
    caption: ADDED,
    head: accuracies.head,
  })}`;
};
