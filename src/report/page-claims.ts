import type { ClaimResult } from './claims.js';
import type { Estimate } from './measures.js';
import { type Html, html, NONE, signed, table } from './page-html.js';

/** `+3.36 (+1.20 to +5.52)`; without an interval the mean alone. */
const interval = (estimate: Estimate | null): string => {
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
      caption: html`The paper’s claims. Each is measured so that it is above 0 where the claim holds: the mean over seeds and, in brackets, its 95 % interval
(Student’s t). A claim <b>holds</b> if the interval lies above 0, <b>does not hold</b> if below, and is <b>not shown</b> if 0 lies in it, or one seed says nothing of chance. The last columns have
the same with the paper’s choice of mixing, and on the validation split, which is as long-tailed as training.`,
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
