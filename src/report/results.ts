import type { RunInfo } from '../run/index.js';
import type { LoadedRun } from './runs.js';
import { mean, variance } from './statistics.js';
import { typicalSeconds } from './times.js';

/** Runs that may not stand in one table: their figures would differ for other reasons than the method. */
export class ComparisonError extends Error {
  override readonly name = 'ComparisonError';
}

/** A mean over seeds in percent; `sd` is the sample standard deviation, null below two runs. */
export interface Spread {
  readonly mean: number;
  readonly sd: number | null;
}

type Groups<K extends string> = Readonly<Record<K, number | null>>;

/** One line of the table of results: the finished runs of one recipe. Accuracies in percent, null without a finished run. */
export interface ResultRow {
  readonly name: string;
  readonly label: string;
  /** What the paper reports; null where it has no such row, or these are not the paper's data. */
  readonly paper: number | null;
  readonly seeds: readonly number[];
  readonly runs: readonly string[];
  readonly mean: number | null;
  readonly sd: number | null;
  readonly meanPerClass: number | null;
  /** By number of training images (> 100, 20 to 100, < 20); null for a group without classes. */
  readonly shots: Groups<'many' | 'medium' | 'few'>;
  /** The largest, middle and smallest classes. */
  readonly ranks: Groups<'head' | 'middle' | 'tail'>;
  /** The test-time mixing of each finished run, chosen on the validation split; empty for methods that do not mix. */
  readonly mixing: readonly number[];
  /** Accuracy at the mixing that is best on the test split itself, as the paper chooses; null for methods that do not mix. */
  readonly optimistic: Spread | null;
  readonly difference: number | null;
  /** Mean over finished runs of the time of all epochs, each at the median of its phase. */
  readonly seconds: number | null;
  /** The most of any finished run. */
  readonly peakMemoryBytes: number | null;
  readonly unfinished: readonly string[];
}

const meanOrNull = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((v) => v !== null);
  return known.length === 0 ? null : mean(known);
};

const percent = (share: number | null): number | null => (share === null ? null : 100 * share);

const spread = (values: readonly number[]): Spread | null => {
  if (values.length === 0) return null;
  return { mean: mean(values), sd: values.length < 2 ? null : Math.sqrt(variance(values)) };
};

/** Settings that change the method rather than its size: a run for which one was given is another row, and not another size. */
const METHOD_SETTINGS: readonly string[] = ['order', 'archOptimizer', 'archLr', 'weightLr'];

/** What was changed of a recipe's method: switches, and settings of the method that were given. */
export const changesOf = ({ recipe, overrides }: RunInfo): Readonly<Record<string, unknown>> => ({
  ...recipe.switches,
  ...Object.fromEntries(Object.entries(overrides).filter(([key]) => METHOD_SETTINGS.includes(key))),
});

/** The run as if nothing had been changed of its method: to stand where its recipe would. */
export const withoutChanges = (run: LoadedRun): LoadedRun => ({
  ...run,
  info: {
    ...run.info,
    recipe: { ...run.info.recipe, switches: {} },
    overrides: Object.fromEntries(Object.entries(run.info.overrides).filter(([key]) => !METHOD_SETTINGS.includes(key))),
  },
});

/**
 * Settings of the method that were given to every run alike are not what sets them apart: they are taken as part of the recipes, as a size is.
 */
export const withoutCommon = (runs: readonly LoadedRun[]): LoadedRun[] => {
  const given = METHOD_SETTINGS.filter((key) => runs.every(({ info }) => key in info.overrides));
  const common = given.filter((key) => new Set(runs.map(({ info }) => info.overrides[key])).size === 1);
  return runs.map((run) => {
    const overrides = Object.fromEntries(Object.entries(run.info.overrides).filter(([key]) => !common.includes(key)));
    return { ...run, info: { ...run.info, overrides } };
  });
};

/** Changes in words, ` (logitScale 2)`, or nothing. */
export const changeText = (changes: Readonly<Record<string, unknown>>): string => {
  const turned = Object.entries(changes).toSorted(([a], [b]) => a.localeCompare(b));
  return turned.length === 0 ? '' : ` (${turned.map(([key, value]) => `${key} ${value}`).join(', ')})`;
};

/** Which row a run belongs to: its recipe, with what was changed of it. */
export const rowName = (info: RunInfo): string => info.recipe.name + changeText(changesOf(info));

/** How a row is called in tables. */
export const rowLabel = (info: RunInfo): string => info.recipe.label + changeText(changesOf(info));

/** The settings of the data by which runs must agree; the path of the data is not one, their content is what counts. */
export const dataRequest = ({ data }: RunInfo): Readonly<Record<string, unknown>> => {
  const request = data['request'];
  return typeof request === 'object' && request !== null ? Object.fromEntries(Object.entries(request)) : {};
};

const CIFAR10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

const isBuiltIn = (info: RunInfo): boolean => (dataRequest(info)['spec'] ?? info.data.name) === 'cifar10';

/** CIFAR-10 from a folder of images has its classes and as many images of each, but perhaps not its pixels: they may have been encoded anew. */
export const isCifar10Folder = (info: RunInfo): boolean => {
  const { classes, counts } = info.data;
  const { grey, imageSize = 32 } = dataRequest(info);
  const learnt = counts.train.map((n, c) => n + (counts.valid[c] ?? 0));
  return (
    !isBuiltIn(info) &&
    String(classes) === String(CIFAR10) &&
    counts.test.every((n) => n === 1000) &&
    learnt[0] === 5000 &&
    learnt.at(-1) === 50 &&
    imageSize === 32 &&
    grey !== true
  );
};

/** Whether the paper's figures speak of these data: CIFAR-10 with an exponential long tail at ratio 100. */
export const isPapersData = (info: RunInfo): boolean => {
  const { imbalance = 'exp', imbalanceRatio = 100 } = dataRequest(info);
  return (isBuiltIn(info) || isCifar10Folder(info)) && imbalance === 'exp' && imbalanceRatio === 100;
};

/** What must be equal for runs to be comparable, by name, in the order in which differences are told. */
const conditions = (info: RunInfo): Map<string, unknown> => {
  const { spec: _, ...request } = dataRequest(info);
  const { scale } = info.overrides;
  return new Map<string, unknown>([
    ['data', info.data.name],
    ...Object.entries(request),
    ['data fingerprint', info.data.fingerprint],
    ...Object.entries(info.recipe.settings).filter(([key]) => !(key in changesOf(info))),
    ['loss', info.recipe.loss],
    ...(scale === undefined ? [] : [['scale', scale] as const]),
  ]);
};

const shown = (value: unknown): string => (value === undefined ? 'not set' : String(value));

/**
 * Makes sure that runs differ in their method and seed alone before they stand in one table. Throws a ComparisonError that names the first other
 * difference, or two runs of one recipe with the same seed, which would make the spread look smaller than it is.
 */
export const requireComparable = (runs: readonly LoadedRun[]): void => {
  const [first, ...others] = runs;
  if (first === undefined) return;
  const expected = conditions(first.info);
  for (const other of others) {
    const found = conditions(other.info);
    for (const key of new Set([...expected.keys(), ...found.keys()])) {
      const [a, b] = [expected.get(key), found.get(key)];
      // A run of which the method was changed says nothing of how it stands: the next one does.
      if (!expected.has(key) && METHOD_SETTINGS.includes(key)) expected.set(key, b);
      const eitherWay = key === 'scale' || METHOD_SETTINGS.includes(key);
      if (a === b || (eitherWay && (a === undefined || b === undefined))) continue;
      throw new ComparisonError(
        `Cannot compare runs: ${key} must be equal, it is ${shown(a)} in ${first.path} and ${shown(b)} in ${other.path}; report them apart`,
      );
    }
  }
  const seen = new Map<string, string>();
  for (const { info, path } of runs) {
    const key = `${rowName(info)} ${info.seed}`;
    const earlier = seen.get(key);
    if (earlier !== undefined)
      throw new ComparisonError(
        `Cannot compare runs: seeds of ${rowName(info)} must differ, it is ${info.seed} in ${earlier} and in ${path}; leave one out`,
      );
    seen.set(key, path);
  }
};

/** The paper's order: tables I and II, then figure 8. A shell names run folders by the alphabet. */
const ORDER =
  'darts darts-resampling darts-bbn hls hls-reverse-sigmoid hls-continued-half hls-continued-class hls-continued-reverse hls-continued-frozen'.split(
    ' ',
  );

/** Runs by recipe, in the paper's order; others after them, in order of first appearance. What was changed of a recipe comes after it as it stands. */
export const byRow = (runs: readonly LoadedRun[]): LoadedRun[][] => {
  const groups = new Map<string, LoadedRun[]>();
  for (const run of runs) groups.set(rowName(run.info), [...(groups.get(rowName(run.info)) ?? []), run]);
  const recipes = [...new Set([...ORDER, ...runs.map(({ info }) => info.recipe.name)])];
  const placed = [...groups].map(([row, group]) => {
    const name = group[0]?.info.recipe.name ?? row;
    return { group, recipe: recipes.indexOf(name), changed: Number(row !== name) };
  });
  return placed.toSorted((a, b) => a.recipe - b.recipe || a.changed - b.changed).map(({ group }) => group);
};

const resultRow = (runs: readonly LoadedRun[]): ResultRow[] => {
  const [first] = runs;
  if (first === undefined) return [];
  const finished = runs.flatMap(({ evaluation, records }) =>
    evaluation === undefined ? [] : [{ evaluation, records }],
  );
  const tests = finished.map((run) => run.evaluation);
  const accuracy = spread(tests.map((test) => 100 * test.accuracy));
  const paper = isPapersData(first.info) && changeText(changesOf(first.info)) === '' ? first.info.recipe.paper : null;
  const group = (of: (test: (typeof tests)[number]) => number | null) => percent(meanOrNull(tests.map(of)));
  const epochs = finished.map((run) => run.records).filter((records) => records.length > 0);
  return [
    {
      name: rowName(first.info),
      label: rowLabel(first.info),
      paper,
      seeds: runs.map((run) => run.info.seed),
      runs: runs.map((run) => run.path),
      mean: accuracy?.mean ?? null,
      sd: accuracy?.sd ?? null,
      meanPerClass: group((test) => test.meanPerClassAccuracy),
      shots: {
        many: group((test) => test.shots.many),
        medium: group((test) => test.shots.medium),
        few: group((test) => test.shots.few),
      },
      ranks: {
        head: group((test) => test.ranks.head),
        middle: group((test) => test.ranks.middle),
        tail: group((test) => test.ranks.tail),
      },
      mixing: tests.flatMap((test) => (test.mixing === null ? [] : [test.mixing])),
      optimistic: spread(
        tests.flatMap(({ sweep }) => (sweep === null ? [] : [100 * Math.max(...sweep.test.map((at) => at.accuracy))])),
      ),
      difference: accuracy === null || paper === null ? null : accuracy.mean - paper,
      seconds: meanOrNull(epochs.map(typicalSeconds)),
      peakMemoryBytes:
        epochs.length === 0 ? null : Math.max(...epochs.flat().map(({ peakMemoryBytes }) => peakMemoryBytes)),
      unfinished: runs.filter((run) => run.evaluation === undefined).map((run) => run.path),
    },
  ];
};

/** The table of results, one row a recipe (and what was changed of it), in the order of `byRow`. Runs must be comparable. */
export const resultRows = (runs: readonly LoadedRun[]): ResultRow[] => byRow(runs).flatMap(resultRow);
