import { isPapersData } from './paper-data.js';
import { byRow, type Row } from './rows.js';
import type { LoadedRun } from './runs.js';
import { mean, variance } from './statistics.js';
import { typicalSeconds } from './times.js';

/** A mean over seeds in percent; `sd` is the sample standard deviation, null below two runs. */
export interface Spread {
  readonly mean: number;
  readonly sd: number | null;
}

/** From the least to the most. */
export type Range = readonly [number, number];

type Groups<K extends string> = Readonly<Record<K, number | null>>;

/** One line of the table of results. Accuracies are those of finished runs in percent, null where there is none. */
export interface ResultRow {
  readonly name: string;
  readonly label: string;
  /** What the paper reports; null where it has no such row, or these are not the paper's data. */
  readonly paper: number | null;
  readonly seeds: readonly number[];
  readonly runs: readonly string[];
  readonly mean: number | null;
  readonly sd: number | null;
  /** Of the mean over classes, each counting alike. */
  readonly meanPerClass: Spread | null;
  /** By number of training images (> 100, 20 to 100, < 20); null for a group without classes. */
  readonly shots: Groups<'many' | 'medium' | 'few'>;
  /** The largest, middle and smallest classes. */
  readonly ranks: Groups<'head' | 'middle' | 'tail'>;
  /** The test-time mixing of each finished run, chosen on the validation split; empty for methods that do not mix. */
  readonly mixing: readonly number[];
  /** Accuracy at the answer that is best on the test split, as the paper chooses; null where there is one answer. */
  readonly optimistic: Spread | null;
  readonly difference: number | null;
  /** Mean over finished runs of the time of all epochs, each at the median of its phase. */
  readonly seconds: number | null;
  /** Of its networks, one per run, the least and the most; null where they are not known, as of a search. */
  readonly size: { readonly weights: Range; readonly multiplyAdds: Range } | null;
  /** The most of any finished run. */
  readonly peakMemoryBytes: number | null;
  readonly unfinished: readonly string[];
}

/** Mean and spread of values in percent; null of none. */
export const spread = (values: readonly number[]): Spread | null =>
  values.length === 0 ? null : { mean: mean(values), sd: values.length < 2 ? null : Math.sqrt(variance(values)) };

const rangeOf = (values: readonly number[]): Range => [Math.min(...values), Math.max(...values)];

const sizeOf = (runs: readonly LoadedRun[]): ResultRow['size'] => {
  const sizes = runs.flatMap(({ info: { size } }) => (size === undefined ? [] : [size]));
  if (sizes.length === 0 || sizes.length < runs.length) return null;
  return {
    weights: rangeOf(sizes.map(({ weights }) => weights)),
    multiplyAdds: rangeOf(sizes.map(({ multiplyAdds }) => multiplyAdds)),
  };
};

const resultRow = ({ name, label, runs }: Row): ResultRow => {
  const finished = runs.flatMap(({ evaluation, records }) => (evaluation ? [{ evaluation, records }] : []));
  const tests = finished.map((run) => run.evaluation);
  const accuracy = spread(tests.map((test) => 100 * test.accuracy));
  const info = runs[0]?.info;
  const papers = info !== undefined && isPapersData(info) && Object.keys(info.changes).length === 0;
  const paper = papers ? info.experiment.paper : null;
  const percentOf = (of: (test: (typeof tests)[number]) => number | null): number | null => {
    const known = tests.map(of).filter((share) => share !== null);
    return known.length === 0 ? null : 100 * mean(known);
  };
  const epochs = finished.map((run) => run.records).filter((records) => records.length > 0);
  const peaks = epochs.flat().map(({ peakMemoryBytes }) => peakMemoryBytes);
  return {
    name,
    label,
    paper,
    seeds: runs.map((run) => run.info.seed),
    runs: runs.map((run) => run.path),
    mean: accuracy?.mean ?? null,
    sd: accuracy?.sd ?? null,
    meanPerClass: spread(tests.map((test) => 100 * test.meanPerClassAccuracy)),
    shots: {
      many: percentOf(({ shots }) => shots.many),
      medium: percentOf(({ shots }) => shots.medium),
      few: percentOf(({ shots }) => shots.few),
    },
    ranks: {
      head: percentOf(({ ranks }) => ranks.head),
      middle: percentOf(({ ranks }) => ranks.middle),
      tail: percentOf(({ ranks }) => ranks.tail),
    },
    mixing: tests.flatMap((test) => test.at['mixing'] ?? []),
    optimistic: spread(
      tests.flatMap(({ answers }) => (answers ? [100 * Math.max(...answers.test.map((at) => at.accuracy))] : [])),
    ),
    difference: accuracy === null || paper === null ? null : accuracy.mean - paper,
    seconds: epochs.length === 0 ? null : mean(epochs.map(typicalSeconds)),
    size: sizeOf(runs),
    peakMemoryBytes: peaks.length === 0 ? null : Math.max(...peaks),
    unfinished: runs.filter((run) => run.evaluation === undefined).map((run) => run.path),
  };
};

/** The table of results, one line per row, in the order of `byRow`. Runs must be comparable. */
export const resultRows = (runs: readonly LoadedRun[]): ResultRow[] => byRow(runs).map(resultRow);
