import { BACKBONE, classHead, heads, instanceHead, type PaperClaim, paperRows } from '../paper/index.js';
import type { EpochRecord } from '../run/index.js';
import { type Mixed, testSweep, validAt, validSweep } from './mixing.js';
import { movement } from './op-weights.js';
import { continuedFrom, firstPhase, type LoadedRun } from './runs.js';
import { correlation, mean } from './statistics.js';

/** How a finished run is scored, in percent. */
export interface View {
  readonly score: (run: LoadedRun) => number;
  /** At every test-time mixing; empty for methods that do not mix. */
  readonly sweep: (run: LoadedRun) => readonly Mixed[];
}

const bestOf = (sweep: readonly Mixed[], otherwise: number): number =>
  sweep.length === 0 ? otherwise : Math.max(...sweep.map((at) => at.accuracy));

const tested: View['score'] = ({ evaluation }) => 100 * (evaluation?.accuracy ?? Number.NaN);

export const views = {
  /** On the test split, at the mixing that the validation split chooses. */
  chosen: { score: tested, sweep: testSweep },
  /** On the test split, at the mixing that is best there, as the paper chooses. */
  optimistic: { score: (run) => bestOf(testSweep(run), tested(run)), sweep: testSweep },
  /** On the validation split at the mixing that is best there, in case the paper scored this split. */
  validation: {
    score: (run) => bestOf(validSweep(run), 100 * (run.records.at(-1)?.validAccuracy ?? Number.NaN)),
    sweep: validSweep,
  },
} satisfies Record<string, View>;

/** How a claim is measured. */
export interface ClaimMeasure {
  /** What is measured, in words; positive where the claim holds. */
  readonly measure: string;
  readonly unit: string;
  /** It speaks of accuracy, at a mixing that is chosen or at all of them. */
  readonly scored?: 'chosen' | 'swept';
  /**
   * Of the runs of one seed, in the order of the claim's rows: numbers that are all above 0 where the claim holds, the
   * same ones for every seed. NaN or none where the runs do not say.
   */
  readonly of: (runs: readonly LoadedRun[], view: View) => readonly number[];
}

/** Epochs below which nothing is said of a course over epochs: two always lie on a line. */
const FEWEST = 4;

/** Movement of the backbone's operation weights per epoch in the last quarter of the search, in percent. */
const lateMovement = (run: LoadedRun | undefined): number => {
  const records = firstPhase(run);
  if (records.length < FEWEST) return Number.NaN;
  const steps = records.slice(1).map((to, i) => 100 * movement(records[i] ?? to, { to, component: BACKBONE }));
  return mean(steps.slice(-Math.max(1, Math.round(records.length / 4))));
};

const normsOf = (records: readonly EpochRecord[], component: string): number[] =>
  records.map(({ gradNorm }) => gradNorm['weights']?.[component] ?? 0);

/** Powers of ten between the largest and the smallest norm that is not 0; NaN where too few are left to say. */
const decades = (norms: readonly number[]): number => {
  const logs = norms.filter((n) => n > 0).map(Math.log10);
  return logs.length < FEWEST ? Number.NaN : Math.max(...logs) - Math.min(...logs);
};

/** Root mean square of the class head's change from one epoch to the next, from the end of the search on. */
const unrest = (run: LoadedRun): number => {
  const curve = continuedFrom(run).map((record) => validAt(record, classHead.mixing) ?? Number.NaN);
  return Math.sqrt(mean(curve.slice(1).map((v, i) => (v - (curve[i] ?? Number.NaN)) ** 2)));
};

/** How far the instance head falls in continued training: in percent of its way down to chance. */
const forgotten = (run: LoadedRun | undefined): number => {
  const [first, ...after] = continuedFrom(run).map((record) => validAt(record, instanceHead.mixing) ?? Number.NaN);
  const before = first ?? Number.NaN;
  const chance = 100 / (run?.info.data.classes.length ?? 1);
  return (100 * (before - (after.at(-1) ?? Number.NaN))) / (before - chance);
};

/** The accuracy of the class head alone less that at other mixings. */
const aboveOthers = (sweep: readonly Mixed[], others: (mixing: number) => boolean = () => true): number[] => {
  const own = sweep.find(({ mixing }) => mixing === classHead.mixing)?.accuracy ?? Number.NaN;
  const rest = sweep.filter(({ mixing }) => mixing !== classHead.mixing && others(mixing));
  return rest.map(({ accuracy }) => own - accuracy);
};

const forgets = {
  measure: 'what the instance head’s mean per-class validation accuracy loses',
  unit: '% of the way to chance',
  of: ([run]) => [forgotten(run)],
} satisfies ClaimMeasure;

/** By the claim's name; a claim of a table is measured as the difference of accuracies. */
const MEASURES: Readonly<Record<string, ClaimMeasure>> = {
  'scaled-everywhere': {
    measure: 'HLS less DARTS + BBN at the mixing where that is least',
    unit: 'points',
    scored: 'swept',
    of: ([hls, bbn], { sweep }) => {
      if (hls === undefined || bbn === undefined) return [];
      const without = new Map(sweep(bbn).map((at) => [at.mixing, at.accuracy]));
      return sweep(hls).map((at) => at.accuracy - (without.get(at.mixing) ?? Number.NaN));
    },
  },
  'alpha-settles': {
    measure: 'movement of the backbone’s operation weights late in the search, DARTS + BBN less HLS',
    unit: 'points per epoch',
    of: ([bbn, hls]) => [lateMovement(bbn) - lateMovement(hls)],
  },
  'class-above-instance': {
    measure: 'HLS at mixing 0 less HLS at mixing 1',
    unit: 'points',
    scored: 'swept',
    of: ([hls], { sweep }) => (hls ? aboveOthers(sweep(hls), (m) => m === instanceHead.mixing) : []),
  },
  'class-head-best': {
    measure: 'HLS at mixing 0 less HLS at the other mixing where that is least',
    unit: 'points',
    scored: 'swept',
    of: ([hls], { sweep }) => (hls ? aboveOthers(sweep(hls)) : []),
  },
  'half-most-stable': {
    measure:
      'change of the class head’s mean per-class validation accuracy from epoch to epoch (root mean square), of the ' +
      'steadiest other way less that of mixing 0.5',
    unit: 'points per epoch',
    of: ([half, ...others]) => (half === undefined ? [] : others.map((other) => unrest(other) - unrest(half))),
  },
  'class-forgets': forgets,
  'reverse-forgets': forgets,
  'half-keeps': {
    measure: 'the smaller of these two losses less that with mixing 0.5',
    unit: '% of the way to chance',
    of: ([half, ...others]) => others.map((other) => forgotten(other) - forgotten(half)),
  },
  'heads-follow': {
    measure: 'correlation over the search’s epochs, HLS, the smaller of both heads',
    unit: 'correlation',
    of: ([hls]) => {
      const records = firstPhase(hls);
      if (records.length < FEWEST) return [];
      const mixing = records.map(({ knobs }) => knobs['mixing'] ?? Number.NaN);
      return heads.map(({ component, follows }) => correlation(normsOf(records, component), mixing.map(follows)));
    },
  },
  'backbone-steadier': {
    measure:
      'powers of ten between its largest and smallest norm over the search’s epochs, of the steadier head less that ' +
      'of the backbone, HLS',
    unit: 'decades',
    of: ([hls]) => {
      const decadesOf = (component: string) => decades(normsOf(firstPhase(hls), component));
      return heads.map(({ component }) => decadesOf(component) - decadesOf(BACKBONE));
    },
  },
};

const labelOf = (row: string | undefined): string => paperRows.find(({ name }) => name === row)?.label ?? '';

/** How a claim is measured on runs. */
export const measureOf = ({ name, recipes: [first, second] }: PaperClaim): ClaimMeasure =>
  MEASURES[name] ?? {
    measure: `${labelOf(first)} less ${labelOf(second)}`,
    unit: 'points',
    scored: 'chosen',
    of: ([one, other], { score }) => (one === undefined || other === undefined ? [] : [score(one) - score(other)]),
  };
