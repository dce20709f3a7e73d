import { decades, FEWEST, forgotten, lateMovement, normsOf, search, unrest, type View } from './measures.js';
import type { LoadedRun } from './runs.js';
import { correlation } from './statistics.js';

/** A claim of the paper, and how it is measured. */
export interface Claim {
  readonly name: string;
  readonly claim: string;
  /** Where the paper makes it. */
  readonly where: string;
  /** What is measured, in words; positive where the claim holds. */
  readonly measure: string;
  readonly unit: 'points' | 'points an epoch' | 'correlation' | 'decades' | '% of the way to chance';
  /** The recipes that it needs, finished, all with the same seed. */
  readonly recipes: readonly string[];
  readonly paper?: number;
  /** It speaks of accuracy, at a mixing that is chosen or at all of them. */
  readonly scored?: 'chosen' | 'swept';
  /**
   * Of the runs of one seed, in the order of `recipes`: numbers that are all above 0 where the claim holds, the same ones for every seed. NaN or none where
   * the runs do not say.
   */
  readonly of: (runs: readonly LoadedRun[], view: View) => readonly number[];
}

/** The first recipe's accuracy less that of each other. */
const better: Claim['of'] = ([one, ...others], { score }) =>
  one === undefined ? [] : others.map((other) => score(one) - score(other));

/** What the paper (arXiv 2406.07028) claims, in its order. */
export const paperClaims: readonly Claim[] = [
  {
    name: 'resampling-hurts',
    claim: 'Class-balanced re-sampling makes DARTS worse',
    where: 'table I',
    measure: 'DARTS less DARTS + Re-sampling',
    unit: 'points',
    recipes: ['darts', 'darts-resampling'],
    paper: 64.56 - 61.2,
    scored: 'chosen',
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
    scored: 'chosen',
    of: better,
  },
  {
    name: 'hls-recovers',
    claim: 'Heterogeneous rates are better than plain BBN',
    where: 'table II',
    measure: 'HLS less DARTS + BBN',
    unit: 'points',
    recipes: ['hls', 'darts-bbn'],
    paper: 65.12 - 52.14,
    scored: 'chosen',
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
    scored: 'chosen',
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
    scored: 'chosen',
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
    scored: 'chosen',
    of: better,
  },
  {
    name: 'scaled-everywhere',
    claim: 'The scaled rate is better at every test-time mixing',
    where: 'figure 6',
    measure: 'HLS less DARTS + BBN at the mixing where that is least',
    unit: 'points',
    recipes: ['hls', 'darts-bbn'],
    scored: 'swept',
    of: ([hls, bbn], { sweep }) => {
      if (hls === undefined || bbn === undefined) return [];
      const without = new Map(sweep(bbn).map((at) => [at.mixing, at.accuracy]));
      return sweep(hls).map((at) => at.accuracy - (without.get(at.mixing) ?? Number.NaN));
    },
  },
  {
    name: 'alpha-settles',
    claim: 'The scaled rate lets the backbone’s architecture settle, which else keeps changing',
    where: 'figures 3 and 7',
    measure: 'movement of the backbone’s operation weights late in the search, DARTS + BBN less HLS',
    unit: 'points an epoch',
    recipes: ['darts-bbn', 'hls'],
    of: ([bbn, hls]) => [lateMovement(bbn) - lateMovement(hls)],
  },
  {
    name: 'class-above-instance',
    claim: 'The class head alone is better than the instance head alone',
    where: 'section IV-C',
    measure: 'HLS at mixing 0 less HLS at mixing 1',
    unit: 'points',
    recipes: ['hls'],
    scored: 'swept',
    of: ([hls], { sweep }) => {
      const at = new Map(hls === undefined ? [] : sweep(hls).map(({ mixing, accuracy }) => [mixing, accuracy]));
      return [(at.get(0) ?? Number.NaN) - (at.get(1) ?? Number.NaN)];
    },
  },
  {
    name: 'class-head-best',
    claim: 'At test time the class head alone (mixing 0) is best',
    where: 'section V-D',
    measure: 'HLS at mixing 0 less HLS at the other mixing where that is least',
    unit: 'points',
    recipes: ['hls'],
    scored: 'swept',
    of: ([hls], { sweep }) => {
      const [alone, ...others] = hls === undefined ? [] : sweep(hls).toSorted((a, b) => a.mixing - b.mixing);
      return others.map((at) => (alone?.accuracy ?? Number.NaN) - at.accuracy);
    },
  },
  {
    name: 'half-most-stable',
    claim: 'Of four ways to go on, mixing 0.5 is the most stable',
    where: 'figure 8',
    measure:
      'change of the class head’s mean per-class validation accuracy from epoch to epoch (root mean square), of the steadiest other way less that of mixing 0.5',
    unit: 'points an epoch',
    recipes: ['hls-continued-half', 'hls-continued-class', 'hls-continued-reverse', 'hls-continued-frozen'],
    of: ([half, ...others]) => (half === undefined ? [] : others.map((other) => unrest(other) - unrest(half))),
  },
  {
    name: 'class-forgets',
    claim: 'Going on with the class branch alone makes the instance head forget',
    where: 'figure 8',
    measure: 'what the instance head’s mean per-class validation accuracy loses',
    unit: '% of the way to chance',
    recipes: ['hls-continued-class'],
    of: ([run]) => [forgotten(run)],
  },
  {
    name: 'reverse-forgets',
    claim: 'So does going on with a reverse sigmoid',
    where: 'figure 8',
    measure: 'what the instance head’s mean per-class validation accuracy loses',
    unit: '% of the way to chance',
    recipes: ['hls-continued-reverse'],
    of: ([run]) => [forgotten(run)],
  },
  {
    name: 'half-keeps',
    claim: 'With mixing 0.5 it forgets less than with either',
    where: 'figure 8',
    measure: 'the smaller of these two losses less that with mixing 0.5',
    unit: '% of the way to chance',
    recipes: ['hls-continued-half', 'hls-continued-class', 'hls-continued-reverse'],
    of: ([half, ...others]) => others.map((other) => forgotten(other) - forgotten(half)),
  },
  {
    name: 'heads-follow',
    claim: 'The heads’ gradients rise and fall with m and 1 − m',
    where: 'theorem 1',
    measure: 'correlation over the search’s epochs, HLS, the smaller of both heads',
    unit: 'correlation',
    recipes: ['hls'],
    of: ([hls]) => {
      const records = search(hls);
      if (records.length < FEWEST) return [];
      const m = records.map(({ mixing }) => mixing ?? Number.NaN);
      const rest = m.map((value) => 1 - value);
      return [correlation(normsOf(records, 'instance'), m), correlation(normsOf(records, 'class'), rest)];
    },
  },
  {
    name: 'backbone-steadier',
    claim: 'The backbone’s gradient changes less than the heads’, if at all',
    where: 'theorem 1',
    measure:
      'powers of ten between its largest and smallest norm over the search’s epochs, of the steadier head less that of the backbone, HLS',
    unit: 'decades',
    recipes: ['hls'],
    of: ([hls]) => {
      const [backbone = 0, ...heads] = ['backbone', 'instance', 'class'].map((name) =>
        decades(normsOf(search(hls), name)),
      );
      return heads.map((head) => head - backbone);
    },
  },
];
