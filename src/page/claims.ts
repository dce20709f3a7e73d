import {
  ADDED,
  type ClaimResult,
  changedAccuraciesTable,
  changedClaimsTable,
  claimsIn,
  columnKey,
  interval,
  MARKS,
  type Sensitivity,
  signed,
  tableOf,
} from '../measure/index.js';
import { type Html, type HtmlColumn, html, tableHtml } from './html.js';

/** What the paper claims, claim by claim, beside what these runs say of it. */
export const claimsHtml = (claims: readonly ClaimResult[]): Html => {
  const known = claims.some(({ paper }) => paper !== null);
  const scored = claims.some(({ optimistic }) => optimistic !== null);
  const columns: HtmlColumn<ClaimResult>[] = [
    ['Claim', (of) => html`${of.claim}<br><small>${of.where}. Measured: ${of.measure}, ${of.unit}</small>`],
    ['Verdict', ({ verdict }) => html`<b>${verdict}</b>`],
    ...(known ? [['Paper', ({ paper }) => signed(paper)] satisfies HtmlColumn<ClaimResult>] : []),
    ['Mean (95 % interval)', ({ estimate }) => interval(estimate)],
    ...(scored
      ? ([
          ['With the mixing chosen on test', ({ optimistic }) => interval(optimistic)],
          ['Scored on validation', ({ validation }) => interval(validation)],
        ] satisfies HtmlColumn<ClaimResult>[])
      : []),
    ['Seeds', ({ seeds }) => String(seeds.length)],
  ];
  const caption = html`Measured so that it is above 0 where the claim holds: the mean over seeds and, in brackets, its
95 % interval (Student’s t). A claim <b>holds</b> if the interval lies above 0, <b>does not hold</b> if below; it is
<b>inconclusive</b> if 0 lies in it, or there is one seed. A claim against several holds if it does against each, and
does not hold if it fails against one of them by an interval wide enough for the worst of ten; the worst is shown.
Seeds share one split of the images, so intervals cover the chance in training alone. Without any difference, one claim
in twenty gets a verdict by chance; with few seeds, a real difference is more likely to be missed. The paper’s figures
are of one run each, with the mixing chosen on the set that is scored: compare them with that column. On the validation
split, as long-tailed as training, methods that mix have the best of their mixings.`;
  return tableHtml(caption, tableOf(claims, columns));
};

/** What each change adds to the accuracies. */
export const changesHtml = (lines: readonly Sensitivity[]): Html => tableHtml(ADDED, changedAccuraciesTable(lines));

/** What depends on what the paper leaves open: what each change makes of the claims, and what it adds to accuracies. */
export const sensitivityHtml = (lines: readonly Sensitivity[]): Html => {
  const caption = html`The claims above, measured again with one choice changed in every recipe that has runs with it.
Means over seeds; ${MARKS} Columns: ${columnKey(lines)}`;
  const claims = claimsIn(lines).length === 0 ? null : tableHtml(caption, changedClaimsTable(lines));
  return html`${claims}\n${changesHtml(lines)}`;
};
