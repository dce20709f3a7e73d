import type { ClaimResult, Verdict } from './claims.js';
import { type Html, html, NONE, signed, table } from './page-html.js';
import { claimsIn, type Sensitivity } from './sensitivity.js';
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
against several holds if it does against each; the worst is shown. Seeds share one split of the images, so an interval is of the chance in training alone, and about one claim in twenty is
misjudged by chance. The paper’s figures are of one run each, with the mixing chosen on the set that is scored: compare them with that column. On the validation split, which is as long-tailed
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

/** `+3.36 ✓`: the mean and whether the claim holds. Empty where a change does not touch the claim. */
export const markedMean = (claim: ClaimResult | undefined): string =>
  claim === undefined ? '' : `${signed(claim.estimate.mean)} ${MARK[claim.verdict]}`;

/** What each change makes of the claims: a line a change, a column a claim. */
export const sensitivityTable = (lines: readonly Sensitivity[]): Html => {
  const columns = claimsIn(lines);
  const cell = (line: Sensitivity, name: string): Html => {
    const found = line.claims.find((c) => c.name === name);
    return found?.turned ? html`<b>${markedMean(found)}</b>` : html`${markedMean(found)}`;
  };
  return table(
    lines.map((line) => [line.change || 'as it stands', ...columns.map(({ name }) => cell(line, name))]),
    {
      numbers: true,
      caption: html`What hangs on what the paper leaves open: the claims above, measured anew with one thing changed in every recipe that has runs with it. Means over seeds;
✓ holds, ✗ does not hold, ? not shown; <b>bold</b> where that differs from the recipes as they stand on the same seeds. Empty: the change does not touch the claim, or
not all recipes that it touches have runs with it. Many cells are tested here: one in twenty may be marked by chance.`,
      head: ['Changed', ...columns.map(({ name }) => name.replaceAll('-', ' '))],
    },
  );
};
