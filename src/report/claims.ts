import {
  chosenOnTest,
  chosenOnValidation,
  decades,
  forgotten,
  lateMovement,
  normsOf,
  scoredOnValidation,
  search,
  unrest,
  type View,
} from './measures.js';
import { isPapersData, rowName } from './results.js';
import type { LoadedRun } from './runs.js';
import { correlation, type Estimate, estimateOf } from './statistics.js';

/** What came of a claim: its interval lies above 0, below 0, or holds both (or there is one seed, and no interval). */
export type Verdict = 'holds' | 'does not hold' | 'not shown';

/** A claim of the paper as these runs have it. */
export interface ClaimResult extends Pick<Claim, 'name' | 'recipes' | 'claim' | 'where' | 'measure' | 'unit'> {
  /** The paper's own difference; null where it gives none, or these are not the paper's data. */
  readonly paper: number | null;
  readonly seeds: readonly number[];
  /** What was measured, one value a seed: positive where the claim holds. */
  readonly values: readonly number[];
  readonly estimate: Estimate;
  readonly verdict: Verdict;
  /** The same with the test-time mixing that is best on the test split, as the paper chooses it; null where no accuracy is scored. */
  readonly optimistic: Estimate | null;
  /** The same on the validation split, which is as long-tailed as training; null where no accuracy is scored. */
  readonly validation: Estimate | null;
}

interface Claim {
  readonly name: string;
  readonly claim: string;
  /** Where the paper makes it. */
  readonly where: string;
  /** What is measured, in words; positive where the claim holds. */
  readonly measure: string;
  readonly unit: 'points' | 'points an epoch' | 'correlation' | 'decades';
  /** The recipes that it needs, finished, all with the same seed. */
  readonly recipes: readonly string[];
  readonly paper?: number;
  /** It speaks of accuracy, which can be scored in several ways. */
  readonly scored?: true;
  /** Of the runs of one seed, in the order of `recipes`. Null where they do not say. */
  readonly of: (runs: readonly LoadedRun[], view: View) => number | null;
}

const verdictOf = ({ low, high }: Estimate): Verdict =>
  low !== null && low > 0 ? 'holds' : high !== null && high < 0 ? 'does not hold' : 'not shown';

/** The first recipe's accuracy less the best of the others'. */
const better: Claim['of'] = ([one, ...others], { score }) =>
  one === undefined ? null : score(one) - Math.max(...others.map(score));

/** What the paper (arXiv 2406.07028) claims, in its order. */
const claims: readonly Claim[] = [
  {
    name: 'resampling-hurts',
    claim: 'Class-balanced re-sampling makes DARTS worse',
    where: 'table I',
    measure: 'DARTS less DARTS + Re-sampling',
    unit: 'points',
    recipes: ['darts', 'darts-resampling'],
    paper: 64.56 - 61.2,
    scored: true,
    of: better,
  },
  {
    name: 'bbn-hurts',
    claim: 'A bilateral-branch network makes DARTS worse',
    where: 'table I',
    measure: 'DARTS less DARTS + BBN',
    unit: 'points',
    recipes: ['darts', 'darts-bbn'],
    paper: 64.56 - 52.14,
    scored: true,
    of: better,
  },
  {
    name: 'hls-recovers',
    claim: 'Heterogeneous rates recover what BBN loses',
    where: 'table II',
    measure: 'HLS less DARTS + BBN',
    unit: 'points',
    recipes: ['hls', 'darts-bbn'],
    paper: 65.12 - 52.14,
    scored: true,
    of: better,
  },
  {
    name: 'hls-beats-darts',
    claim: 'HLS is better than DARTS',
    where: 'table II',
    measure: 'HLS less DARTS',
    unit: 'points',
    recipes: ['hls', 'darts'],
    paper: 65.12 - 64.56,
    scored: true,
    of: better,
  },
  {
    name: 'reverse-sigmoid-hurts',
    claim: 'A reverse sigmoid in place of the parabola makes HLS worse',
    where: 'table II',
    measure: 'HLS less HLS + Reverse Sigmoid',
    unit: 'points',
    recipes: ['hls', 'hls-reverse-sigmoid'],
    paper: 65.12 - 61.85,
    scored: true,
    of: better,
  },
  {
    name: 'continued-hurts',
    claim: 'Going on after the search makes HLS worse',
    where: 'table II',
    measure: 'HLS less HLS + Continuous Learning',
    unit: 'points',
    recipes: ['hls', 'hls-continued-half'],
    paper: 65.12 - 63.12,
    scored: true,
    of: better,
  },
  {
    name: 'scaled-everywhere',
    claim: 'The scaled rate is better at every test-time mixing',
    where: 'figure 6',
    measure: 'HLS less DARTS + BBN at the mixing where that is least',
    unit: 'points',
    recipes: ['hls', 'darts-bbn'],
    scored: true,
    of: ([hls, bbn], { sweep }) => {
      if (hls === undefined || bbn === undefined) return null;
      const without = sweep(bbn);
      const gains = sweep(hls).flatMap((at) =>
        without.filter(({ mixing }) => mixing === at.mixing).map(({ accuracy }) => at.accuracy - accuracy),
      );
      return gains.length === 0 ? null : Math.min(...gains);
    },
  },
  {
    name: 'alpha-settles',
    claim: 'The scaled rate lets the backbone’s architecture settle, which else keeps changing',
    where: 'figures 3 and 7',
    measure: 'movement of the backbone’s operation weights late in the search, DARTS + BBN less HLS',
    unit: 'points an epoch',
    recipes: ['darts-bbn', 'hls'],
    of: ([bbn, hls]) => lateMovement(bbn) - lateMovement(hls),
  },
  {
    name: 'class-head-best',
    claim: 'At test time the class head alone (mixing 0) is best',
    where: 'section V-D',
    measure: 'HLS at mixing 0 less HLS at the best other mixing',
    unit: 'points',
    recipes: ['hls'],
    scored: true,
    of: ([hls], { sweep }) => {
      if (hls === undefined) return null;
      const [alone, ...others] = sweep(hls).toSorted((a, b) => a.mixing - b.mixing);
      return alone === undefined ? null : alone.accuracy - Math.max(...others.map((at) => at.accuracy));
    },
  },
  {
    name: 'half-most-stable',
    claim: 'Of four ways to go on, mixing 0.5 is the most stable',
    where: 'figure 8',
    measure: 'spread of the validation accuracy over epochs, of the steadiest other way less that of mixing 0.5',
    unit: 'points',
    recipes: ['hls-continued-half', 'hls-continued-class', 'hls-continued-reverse', 'hls-continued-frozen'],
    of: ([half, ...others]) => (half === undefined ? null : Math.min(...others.map(unrest)) - unrest(half)),
  },
  {
    name: 'class-forgets',
    claim: 'Going on with the class branch alone makes the instance head forget',
    where: 'figure 8',
    measure: 'what the instance head loses on validation',
    unit: 'points',
    recipes: ['hls-continued-class'],
    of: ([run]) => forgotten(run),
  },
  {
    name: 'reverse-forgets',
    claim: 'So does going on with a reverse sigmoid',
    where: 'figure 8',
    measure: 'what the instance head loses on validation',
    unit: 'points',
    recipes: ['hls-continued-reverse'],
    of: ([run]) => forgotten(run),
  },
  {
    name: 'half-keeps',
    claim: 'With mixing 0.5 it forgets less than with either',
    where: 'figure 8',
    measure: 'the smaller of these two losses less that with mixing 0.5',
    unit: 'points',
    recipes: ['hls-continued-half', 'hls-continued-class', 'hls-continued-reverse'],
    of: ([half, ...others]) => Math.min(...others.map(forgotten)) - forgotten(half),
  },
  {
    name: 'heads-follow',
    claim: 'The heads’ gradients follow m and 1 − m',
    where: 'theorem 1',
    measure: 'correlation over the search’s epochs, HLS, the smaller of both heads',
    unit: 'correlation',
    recipes: ['hls'],
    of: ([hls]) => {
      const records = search(hls);
      const m = records.map(({ mixing }) => mixing ?? Number.NaN);
      const rest = m.map((value) => 1 - value);
      return Math.min(correlation(normsOf(records, 'instance'), m), correlation(normsOf(records, 'class'), rest));
    },
  },
  {
    name: 'backbone-constant',
    claim: 'The backbone’s gradient keeps its size, other than the heads’',
    where: 'theorem 1',
    measure: 'range of the gradient over the search’s epochs, of the steadier head less that of the backbone',
    unit: 'decades',
    recipes: ['hls'],
    of: ([hls]) => {
      const [backbone = 0, ...heads] = ['backbone', 'instance', 'class'].map((name) =>
        decades(normsOf(search(hls), name)),
      );
      return Math.min(...heads) - backbone;
    },
  },
];

const VIEWS = [chosenOnValidation, chosenOnTest, scoredOnValidation];

/**
 * The paper's claims measured on runs: each on every seed of which all that it needs is finished, with nothing else changed. A claim that no seed can
 * say anything of is left out. Runs must be comparable.
 */
export const measureClaims = (runs: readonly LoadedRun[]): ClaimResult[] => {
  const seeds = [...new Set(runs.map(({ info }) => info.seed))].toSorted((a, b) => a - b);
  const papers = runs[0] !== undefined && isPapersData(runs[0].info);
  return claims.flatMap(({ recipes, of, paper, scored, name, claim, where, measure, unit }) => {
    const measured = seeds.flatMap((seed) => {
      const members = recipes.flatMap(
        (recipe) =>
          runs.find((r) => rowName(r.info) === recipe && r.info.seed === seed && r.evaluation !== undefined) ?? [],
      );
      if (members.length < recipes.length) return [];
      const [value, optimistic, validation] = VIEWS.map((view) => of(members, view) ?? Number.NaN);
      return value === undefined || !Number.isFinite(value) ? [] : [{ seed, value, optimistic, validation }];
    });
    if (measured.length === 0) return [];
    const values = measured.map(({ value }) => value);
    const estimate = estimateOf(values);
    const otherwise = (by: 'optimistic' | 'validation') =>
      scored ? estimateOf(measured.map((m) => m[by] ?? Number.NaN)) : null;
    return [
      {
        name,
        recipes,
        claim,
        where,
        measure,
        unit,
        paper: papers ? (paper ?? null) : null,
        seeds: measured.map(({ seed }) => seed),
        values,
        estimate,
        verdict: verdictOf(estimate),
        optimistic: otherwise('optimistic'),
        validation: otherwise('validation'),
      },
    ];
  });
};
