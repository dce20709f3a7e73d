import { isImbalanced, majority } from './class-table.js';
import { bestOf, differenceOf, type FitResult, networkWords } from './fit.js';
import { capital, countText, durationWithUnits, fixed, NONE } from './format.js';
import { type Estimate, sum } from './statistics.js';
import { type Column, type Table, tableOf } from './table.js';

/** One line of the networks compared: a network, or the floor, which always answers the largest class. Shares. */
export interface ComparedNetwork {
  readonly name: string;
  /** What it is: `resnet(20)`; empty for the floor. */
  readonly label: string;
  readonly isBest: boolean;
  readonly valid: number | null;
  readonly test: number;
  readonly accuracy: number;
  /** By how many points the network found is better in mean per class on the test; null for itself and the floor. */
  readonly foundIsBetterBy: Estimate | null;
  readonly result?: FitResult;
}

const floorOf = ({ run }: FitResult): ComparedNetwork[] => {
  if (run.evaluation === undefined) return [];
  const { classes, counts } = run.info.data;
  const { name, ...floor } = majority(run.evaluation, { classes, trainCounts: counts.train });
  const validated = counts.valid.filter((n) => n > 0).length;
  const isValidated = (counts.valid[classes.indexOf(name)] ?? 0) > 0;
  const valid = validated === 0 ? null : isValidated ? 1 / validated : 0;
  const { accuracy, meanPerClassAccuracy: test } = floor;
  return [{ name: `always “${name}”`, label: '', isBest: false, valid, test, accuracy, foundIsBetterBy: null }];
};

/** The networks of a fit side by side, by the same measure on validation and test, and the floor below them. */
export const comparedNetworks = (results: readonly FitResult[]): ComparedNetwork[] => {
  if (results.length === 0) return [];
  const best = bestOf(results);
  const found = results.find(({ name }) => name === 'network');
  const lines = results.map(
    (result): ComparedNetwork => ({
      name: capital(networkWords[result.name]),
      label: result.label,
      isBest: result === best,
      ...{ valid: result.valid, test: result.test, accuracy: result.accuracy },
      foundIsBetterBy: found === undefined || result === found ? null : differenceOf(found, result),
      result,
    }),
  );
  return [...lines, ...floorOf(best)];
};

/** Whether the mean per class on the test is what counts: where the test images are imbalanced. */
export const perClassCounts = ([first]: readonly FitResult[]): boolean =>
  isImbalanced((first?.run.evaluation?.confusion ?? []).map(sum));

const percentText = (share: number | null): string => (share === null ? NONE : `${(100 * share).toFixed(1)} %`);
const points = (value: number): string => `${value < 0 ? '−' : '+'}${fixed(Math.abs(value), 1)}`;

const differenceText = (estimate: Estimate | null): string => {
  if (estimate === null) return NONE;
  const { mean, low, high } = estimate;
  return low === null || high === null ? points(mean) : `${points(mean)} (${points(low)} to ${points(high)})`;
};

export const TEST_PER_CLASS = 'Test, mean per class';
export const TEST_ALL = 'Test, all images';

/** The columns after the name. */
export const comparedColumns: readonly Column<ComparedNetwork>[] = [
  ['Validation, mean per class', ({ valid }) => percentText(valid)],
  [TEST_PER_CLASS, ({ test }) => percentText(test)],
  [TEST_ALL, ({ accuracy }) => percentText(accuracy)],
  ['The network found is better by (points)', ({ foundIsBetterBy }) => differenceText(foundIsBetterBy)],
  ['Weights', ({ result }) => (result === undefined ? NONE : countText(result.run.info.size?.weights))],
  ['Multiply-adds', ({ result }) => (result === undefined ? NONE : countText(result.run.info.size?.multiplyAdds))],
  ['Epochs', ({ result }) => (result === undefined ? NONE : String(result.run.records.length))],
  ['Training time', ({ result }) => (result === undefined ? NONE : durationWithUnits(result.seconds))],
];

/** The networks compared, as text. */
export const comparedTable = (results: readonly FitResult[]): Table =>
  tableOf(comparedNetworks(results), [
    ['Network', ({ name, label, isBest }) => `${name}${label && ` (${label})`}${isBest ? ' ★' : ''}`],
    ...comparedColumns,
  ]);
