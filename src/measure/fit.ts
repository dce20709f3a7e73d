import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Confusion,
  type FitNetwork,
  type FitPart,
  type FitPlan,
  fitNetworks,
  fitPartDir,
  fitParts,
  readFitPlan,
} from '../run/index.js';
import { fixed } from './format.js';
import { type LoadedRun, loadRun } from './runs.js';
import { type Estimate, mean, sum, Z975 } from './statistics.js';
import { typicalSeconds } from './times.js';

/** A fit as its folder holds it: the runs of the parts that have begun. */
export interface LoadedFit {
  readonly path: string;
  readonly plan: FitPlan;
  readonly parts: Readonly<Partial<Record<FitPart, LoadedRun>>>;
}

export const loadFit = (path: string): LoadedFit => {
  const begun = fitParts.filter((name) => existsSync(join(fitPartDir(path, name), 'run.json')));
  return {
    path,
    plan: readFitPlan(path),
    parts: Object.fromEntries(begun.map((name) => [name, loadRun(fitPartDir(path, name))])),
  };
};

/** How a network is called in sentences. */
export const networkWords: Readonly<Record<FitNetwork, string>> = {
  network: 'the network found',
  random: 'a random cell',
  resnet: 'a ResNet',
};

/** One network of a fit, tested. Accuracies are shares. */
export interface FitResult {
  readonly name: FitNetwork;
  readonly run: LoadedRun;
  /** What it is: `darts-resampling`, `random`, `resnet(20)`. */
  readonly label: string;
  /** Mean per class, on the validation images, after the last epoch; by it the best network is chosen. */
  readonly valid: number | null;
  /** Mean per class, on the test images. */
  readonly test: number;
  /** Plain accuracy on the test images. */
  readonly accuracy: number;
  readonly seconds: number;
}

/** The mean of what is not null; null where nothing is. */
export const meanOfKnown = (values: readonly (number | null)[] | null | undefined): number | null => {
  const known = (values ?? []).filter((value) => value !== null);
  return known.length === 0 ? null : mean(known);
};

/** What the epochs of a run take, each at the median of its phase. */
export const secondsOf = (run: LoadedRun | undefined): number => typicalSeconds(run?.records ?? []);

/** The networks of a fit that are tested. */
export const fitResults = ({ parts }: LoadedFit): FitResult[] =>
  fitNetworks.flatMap((name) => {
    const run = parts[name];
    if (run?.evaluation === undefined) return [];
    const { meanPerClassAccuracy, accuracy } = run.evaluation;
    return [
      {
        name,
        run,
        label: run.info.experiment.label,
        valid: meanOfKnown(run.records.at(-1)?.perClassAccuracy),
        test: meanPerClassAccuracy,
        accuracy,
        seconds: secondsOf(run),
      },
    ];
  });

/** The network that does best on the validation images, the first such on a tie. Throws when none is tested. */
export const bestOf = (results: readonly FitResult[]): FitResult => {
  const best = results.toSorted((a, b) => (b.valid ?? 0) - (a.valid ?? 0))[0];
  if (best === undefined) throw new RangeError('Cannot choose a network: at least 1 must be tested, none is');
  return best;
};

/**
 * Variance of the mean per-class accuracy over the draw of test images; with one image more of each outcome, so that
 * few images are not certain.
 */
const varianceOf = (confusion: Confusion): number => {
  const present = confusion.flatMap((row, c) => {
    const n = sum(row);
    const p = ((row[c] ?? 0) + 1) / (n + 2);
    return n === 0 ? [] : [(p * (1 - p)) / (n + 2)];
  });
  return sum(present) / present.length ** 2;
};

/**
 * The difference in mean per-class accuracy on the test, in points, with its 95 % interval over the draw of test
 * images. The two networks are taken to be wrong independently of each other: as both find the same images hard, the
 * interval is somewhat too wide. Another seed could give another difference; that is not in it.
 */
export const differenceOf = (one: FitResult, other: FitResult): Estimate => {
  const variances = [one, other].map(({ run }) => varianceOf(run.evaluation?.confusion ?? []));
  const half = Z975 * Math.sqrt(sum(variances));
  const difference = one.test - other.test;
  return { mean: 100 * difference, low: 100 * (difference - half), high: 100 * (difference + half) };
};

/** What a comparison comes to, in words: also when the answer is no. */
const verdict = ({ mean: points, low, high }: Estimate, other: string): string => {
  const range = `${fixed(low, 1)} to ${fixed(high, 1)}`.replaceAll('-', '−');
  const size = `${points < 0 ? '−' : '+'}${fixed(Math.abs(points), 1)} points, 95 % interval ${range}`;
  if ((low ?? 0) > 0) return `Yes, it beats ${other}: ${size}.`;
  if ((high ?? 0) < 0) return `No, ${other} does better: ${size}.`;
  return `Not measurably, against ${other}: ${size}.`;
};

/**
 * Whether the search helped: the network found, compared with a random cell of the same sizes and a ResNet given the
 * same time.
 */
export const searchHelped = (
  results: readonly FitResult[],
): { text: string; against: FitNetwork; difference: Estimate }[] => {
  const found = results.find(({ name }) => name === 'network');
  if (found === undefined) return [];
  const others = results.filter(({ name }) => name !== 'network');
  return others.map((other) => {
    const difference = differenceOf(found, other);
    const what =
      other.name === 'random'
        ? 'a random cell trained as long'
        : `a ResNet (${other.label}) allowed as long as search and training`;
    return { against: other.name, difference, text: verdict(difference, what) };
  });
};
