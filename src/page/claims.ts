import {
  ADDED,
  type ClaimResult,
  changedAccuraciesTable,
  changedClaimsTable,
  claimsIn,
  columnKey,
  type Estimate,
  interval,
  MARKS,
  plural,
  type Sensitivity,
  signed,
  type Verdict,
} from '../measure/index.js';
import { type Html, html, tableHtml, trusted } from './html.js';

const KINDS: Readonly<Record<Verdict, { readonly look: string; readonly mark: string }>> = {
  holds: { look: 'holds', mark: '✓' },
  'does not hold': { look: 'fails', mark: '✗' },
  inconclusive: { look: 'open', mark: '?' },
};

/** How many claims hold, fail and stay open: `6 hold, 4 do not hold, 6 are inconclusive`. */
export const verdictsText = (claims: readonly ClaimResult[]): string => {
  const count = (wanted: Verdict): number => claims.filter(({ verdict }) => verdict === wanted).length;
  const [holds, fails, open] = [count('holds'), count('does not hold'), count('inconclusive')];
  return [
    `${holds} ${holds === 1 ? 'holds' : 'hold'}`,
    `${fails} ${fails === 1 ? 'does' : 'do'} not hold`,
    `${open} ${open === 1 ? 'is' : 'are'} inconclusive`,
  ].join(', ');
};

/** An interval beside 0 and the paper's figure, to be taken in at a glance: the numbers stand beside it. */
const bar = ({ mean, low, high }: Estimate, paper: number | null): Html => {
  const most = Math.max(...[mean, low ?? 0, high ?? 0, paper ?? 0].map(Math.abs)) * 1.08 || 1;
  const at = (value: number): string => (100 + (94 * value) / most).toFixed(1);
  const ends = low === null || high === null ? '' : `<path class="range" d="M${at(low)} 9H${at(high)}"/>`;
  const diamond = paper === null ? '' : `<path class="paper" d="M${at(paper)} 4.5l4.5 4.5l-4.5 4.5l-4.5 -4.5z"/>`;
  return trusted(
    `<svg class="bar" viewBox="0 0 200 18" aria-hidden="true"><path class="axis" d="M4 9H196M100 1V17"/>${ends}` +
      `<circle cx="${at(mean)}" cy="9" r="4"/>${diamond}</svg>`,
  );
};

const card = (of: ClaimResult): Html => {
  const { look, mark } = KINDS[of.verdict];
  const lines: readonly (readonly [string, string])[] = [
    ['Mean', interval(of.estimate)],
    ...(of.paper === null ? [] : [['The paper', signed(of.paper)] as const]),
    ...(of.optimistic === null ? [] : [['Mixing chosen on test', interval(of.optimistic)] as const]),
    ...(of.validation === null ? [] : [['On validation', interval(of.validation)] as const]),
  ];
  return html`<li class="claim ${look}"><h3>${of.claim}</h3>
<p class="verdict"><span aria-hidden="true">${mark} </span>${of.verdict}</p>
${bar(of.estimate, of.paper)}
<dl>${lines.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<p><small>${of.where}; ${plural(of.seeds.length, 'seed')}. Measured: ${of.measure}, ${of.unit}.</small></p></li>\n`;
};

/** What the paper claims, a card each, with what these runs say of it. */
export const claimsHtml = (claims: readonly ClaimResult[]): Html =>
  html`<p>Of ${plural(claims.length, 'claim')} that these runs can measure, ${verdictsText(claims)}.
Numbers are above 0 where the claim holds: the mean over seeds and, in brackets, its 95 % interval, drawn as a dot
on a line${claims.some(({ paper }) => paper !== null) ? '; the diamond is what the paper reports' : ''}.</p>
<details><summary>How claims are measured and judged</summary>
<p>The interval is Student’s t over seeds. A claim <b>holds</b> if it lies above 0, <b>does not hold</b> if below; it
is <b>inconclusive</b> if 0 lies in it, or there is one seed. A claim against several holds if it does against each,
and does not hold if it fails against one of them by an interval wide enough for the worst of ten; the worst is shown.
Seeds share one split of the images, so intervals cover the chance in training alone. Without any difference, one claim
in twenty gets a verdict by chance; with few seeds, a real difference is more likely to be missed.</p>
<p>The paper’s figures are of one run each, with the mixing chosen on the set that is scored: compare them with “mixing
chosen on test”. On the validation split, as long-tailed as training, methods that mix have the best of their
mixings.</p></details>
<ul class="claims">${claims.map(card)}</ul>`;

/** What each change adds to the accuracies. */
export const changesHtml = (lines: readonly Sensitivity[]): Html => tableHtml(ADDED, changedAccuraciesTable(lines));

/** What depends on what the paper leaves open: what each change makes of the claims, and what it adds to accuracies. */
export const sensitivityHtml = (lines: readonly Sensitivity[]): Html => {
  const caption = html`The claims above, measured again with one choice changed in every recipe that has runs with it.
Means over seeds; ${MARKS} Columns: ${columnKey(lines)}`;
  const claims = claimsIn(lines).length === 0 ? null : tableHtml(caption, changedClaimsTable(lines));
  return html`${claims}\n${changesHtml(lines)}`;
};
