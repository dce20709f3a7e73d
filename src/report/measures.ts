import type { EpochRecord } from '../run/index.js';
import type { LoadedRun } from './runs.js';
import { mean } from './statistics.js';

// What the paper's claims are measured by (claims.ts): numbers of one run, and their mean over seeds.

/** How a finished run is scored, in percent. */
export interface View {
  readonly score: (run: LoadedRun) => number;
  /** At every test-time mixing; empty for methods that do not mix. */
  readonly sweep: (run: LoadedRun) => readonly { readonly mixing: number; readonly accuracy: number }[];
}

const sweepOf = (run: LoadedRun, split: 'valid' | 'test') =>
  (run.evaluation?.sweep?.[split] ?? []).map(({ mixing, accuracy }) => ({ mixing, accuracy: 100 * accuracy }));
const bestOf = (sweep: readonly { readonly accuracy: number }[]) => Math.max(...sweep.map((at) => at.accuracy));
const onTest = (run: LoadedRun) => sweepOf(run, 'test');
const onValidation = (run: LoadedRun) => sweepOf(run, 'valid');

/** On the test split, at the mixing that the validation split chooses. */
export const chosenOnValidation: View = {
  score: ({ evaluation }) => 100 * (evaluation?.accuracy ?? Number.NaN),
  sweep: onTest,
};
/** On the test split, at the mixing that is best there, as the paper chooses. */
export const chosenOnTest: View = {
  score: (run) => (run.evaluation?.sweep ? bestOf(onTest(run)) : chosenOnValidation.score(run)),
  sweep: onTest,
};
/** On the validation split, as long-tailed as training, at the mixing that is best there: if the paper scored this split, these are its figures. */
export const scoredOnValidation: View = {
  score: (run) =>
    run.evaluation?.sweep ? bestOf(onValidation(run)) : 100 * (run.records.at(-1)?.validAccuracy ?? Number.NaN),
  sweep: onValidation,
};

export const search = (run: LoadedRun | undefined): EpochRecord[] =>
  (run?.records ?? []).filter(({ phase }) => phase === 'search');
const continued = (run: LoadedRun | undefined): EpochRecord[] =>
  (run?.records ?? []).filter(({ phase }) => phase !== 'search');

/** Epochs below which nothing is said of a course over epochs: two always lie on a line. */
export const FEWEST = 4;

const softmax = (row: readonly number[]): number[] => {
  const exps = row.map((a) => Math.exp(a - Math.max(...row)));
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / total);
};

/** How far the backbone's operation weights move from one epoch to another: of a mean edge, the share of its weight that changes place, in percent. */
const moved = (from: EpochRecord, to: EpochRecord): number => {
  const edges = Object.entries(to.alpha['backbone'] ?? {}).flatMap(([kind, rows]) =>
    rows.map((row, edge) => {
      const before = softmax(from.alpha['backbone']?.[kind]?.[edge] ?? []);
      return softmax(row).reduce((sum, p, o) => sum + Math.abs(p - (before[o] ?? 0)) / 2, 0);
    }),
  );
  return 100 * mean(edges);
};

/** Movement of an epoch in the last quarter of the search. */
export const lateMovement = (run: LoadedRun | undefined): number => {
  const records = search(run);
  if (records.length < FEWEST) return Number.NaN;
  const steps = records.slice(1).flatMap((to, i) => (records[i] === undefined ? [] : [moved(records[i], to)]));
  return mean(steps.slice(-Math.max(1, Math.round(records.length / 4))));
};

export const normsOf = (records: readonly EpochRecord[], component: string): number[] =>
  records.map(({ gradNorm }) => gradNorm.weights[component] ?? 0);

/** Powers of ten between the largest and the smallest norm that is not 0; NaN where so few are left that they say nothing. */
export const decades = (norms: readonly number[]): number => {
  const logs = norms.filter((n) => n > 0).map(Math.log10);
  if (logs.length < FEWEST) return Number.NaN;
  return Math.max(...logs) - Math.min(...logs);
};

/** Mean per-class validation accuracy in percent. */
const validAt = (record: EpochRecord | undefined, mixing: number): number => {
  const at = record?.sweep?.find((point) => Math.abs(point.mixing - mixing) < 1e-9);
  return 100 * (at?.meanPerClassAccuracy ?? Number.NaN);
};

const changes = (values: readonly number[]): number[] => values.slice(1).map((v, i) => v - (values[i] ?? Number.NaN));

/** Root mean square of the class head's change from one epoch to the next, from the end of the search on. */
export const unrest = (run: LoadedRun): number => {
  const curve = [...search(run).slice(-1), ...continued(run)].map((record) => validAt(record, 0));
  return Math.sqrt(mean(changes(curve).map((d) => d * d)));
};

/** How far the instance head falls in continued training: in percent of its way down to chance. */
export const forgotten = (run: LoadedRun | undefined): number => {
  const before = validAt(search(run).at(-1), 1);
  const chance = 100 / (run?.info.data.classes.length ?? 1);
  return (100 * (before - validAt(continued(run).at(-1), 1))) / (before - chance);
};
