import { type PaperClaim, paperClaims, paperDifference } from '../paper/index.js';
import { type ClaimMeasure, measureOf, type View, views } from './claim-measures.js';
import { isPapersData } from './paper-data.js';
import { rowName } from './rows.js';
import { type LoadedRun, seedsOf } from './runs.js';
import { type Estimate, estimateOf, mean } from './statistics.js';

/** What came of a claim: its interval lies above 0, below 0, or holds both (or there is one seed, and no interval). */
export type Verdict = 'holds' | 'does not hold' | 'inconclusive';

/** A claim of the paper as these runs have it. */
export interface ClaimResult extends PaperClaim, Pick<ClaimMeasure, 'measure' | 'unit'> {
  /** The paper's own difference; null where it gives none, or these are not the paper's data. */
  readonly paper: number | null;
  readonly seeds: readonly number[];
  /** Against how many it is measured: it holds if it does against each. */
  readonly contrasts: number;
  /** What was measured, one value per seed: positive where the claim holds. Of several contrasts, the worst. */
  readonly values: readonly number[];
  readonly estimate: Estimate;
  readonly verdict: Verdict;
  /** The same with the mixing that is best on the test split, as the paper chooses; null where none is chosen. */
  readonly optimistic: Estimate | null;
  /** The same on the validation split, which is as long-tailed as training; null where no accuracy is scored. */
  readonly validation: Estimate | null;
}

/**
 * A claim against several holds if it does against each. The more there are, the likelier it fails against one of them
 * by chance: for a claim not to hold, the interval of the worst must be wider.
 */
const verdictOf = (contrasts: readonly (readonly number[])[]): Verdict => {
  if (contrasts.every((values) => (estimateOf(values).low ?? Number.NaN) > 0)) return 'holds';
  const fails = contrasts.some((values) => {
    const { high } = estimateOf(values, { ofTen: contrasts.length > 1 });
    return high !== null && high < 0;
  });
  return fails ? 'does not hold' : 'inconclusive';
};

/** By contrast, then by seed; empty where a seed does not say, so that views are of the same seeds. */
const contrastsOf = (
  of: ClaimMeasure['of'],
  { seeds, view }: { seeds: readonly (readonly LoadedRun[])[]; view: View },
): number[][] => {
  const bySeed = seeds.map((members) => of(members, view));
  const [first = []] = bySeed;
  const whole = bySeed.every((values) => values.length === first.length && values.every(Number.isFinite));
  return whole ? first.map((_, contrast) => bySeed.map((values) => values[contrast] ?? Number.NaN)) : [];
};

/** The contrast that speaks most against a claim. */
const worst = (contrasts: readonly (readonly number[])[]): readonly number[] | undefined =>
  contrasts.toSorted((a, b) => mean(a) - mean(b))[0];

const measureClaim = (claim: PaperClaim, runs: readonly LoadedRun[]): ClaimResult[] => {
  const { of, scored, measure, unit } = measureOf(claim);
  const finished = runs.filter((run) => run.evaluation !== undefined);
  const measured = seedsOf(finished).flatMap((seed) => {
    const members = claim.recipes.flatMap(
      (recipe) => finished.find(({ info }) => rowName(info) === recipe && info.seed === seed) ?? [],
    );
    const complete = members.length === claim.recipes.length;
    return complete && contrastsOf(of, { seeds: [members], view: views.chosen }).length > 0 ? [{ seed, members }] : [];
  });
  const within = (view: View) => contrastsOf(of, { seeds: measured.map(({ members }) => members), view });
  const contrasts = within(views.chosen);
  const values = worst(contrasts);
  if (values === undefined) return [];
  const otherwise = (view: View): Estimate | null => {
    const found = worst(within(view));
    return found === undefined ? null : estimateOf(found);
  };
  return [
    {
      ...claim,
      measure,
      unit,
      paper: runs[0] !== undefined && isPapersData(runs[0].info) ? paperDifference(claim) : null,
      seeds: measured.map(({ seed }) => seed),
      contrasts: contrasts.length,
      values,
      estimate: estimateOf(values),
      verdict: verdictOf(contrasts),
      optimistic: scored === 'chosen' ? otherwise(views.optimistic) : null,
      validation: scored === undefined ? null : otherwise(views.validation),
    },
  ];
};

/**
 * The paper's claims measured on runs: each on every seed of which all that it needs is finished, with nothing else
 * changed. A claim that no seed can say anything of is left out. Runs must be comparable.
 */
export const measureClaims = (runs: readonly LoadedRun[]): ClaimResult[] =>
  paperClaims.flatMap((claim) => measureClaim(claim, runs));
