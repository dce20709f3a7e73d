import type { RunInfo } from '../run/index.js';
import { setApart } from './networks.js';
import { dataRequest } from './paper-data.js';
import { rowName } from './rows.js';
import type { LoadedRun } from './runs.js';
import { sum } from './statistics.js';

/** Runs that cannot share a table: their figures would differ for reasons other than the method. */
export class ComparisonError extends Error {
  override readonly name = 'ComparisonError';
}

/** Options that say how large a run is. The others are an experiment's own, and may differ between rows. */
export const SIZES: readonly string[] = ['epochs', 'batchSize', 'steps', 'channels', 'layers', 'nodes'];

/** Of these the network is made: a ResNet's are not those of a network of cells. */
const OF_NETWORK: readonly string[] = ['channels', 'layers', 'nodes'];

/** Among which runs an option must be equal: all of a kind in what says how large they are, else those of a row. */
const peersOf = (key: string, info: RunInfo): string => {
  const { kind, network } = info.experiment;
  if (OF_NETWORK.includes(key) && network !== null)
    return network.genotypes === null ? rowName(info) : `${kind} of cells`;
  return [...SIZES, 'scale'].includes(key) ? kind : rowName(info);
};

/** Multiply-adds of networks that count as equally large: the largest ratio of the largest to the smallest. */
const ABOUT_EQUAL = 1.15;

/**
 * Whether networks were made equally large by their channels: cells need different widths for as many multiply-adds.
 * Where a run does not say its own, they count as different.
 */
export const ofEqualCost = (runs: readonly Pick<LoadedRun, 'info'>[]): boolean => {
  const costs = runs.flatMap(({ info }) =>
    info.experiment.network === null ? [] : [info.size?.multiplyAdds ?? Number.NaN],
  );
  return costs.length > 0 && Math.max(...costs) <= ABOUT_EQUAL * Math.min(...costs);
};

type Condition = readonly [key: string, value: unknown, among: string];

/** What must be equal: among all runs, among those of a kind (trainings have sizes of their own), or of a row. */
const conditionsOf = (info: RunInfo, requested: readonly string[]): Condition[] => {
  const { experiment, changes, overrides, data } = info;
  const request = dataRequest(info);
  const { kind, options } = experiment;
  // A training may also learn from the images that a search keeps for validation; the test images stay the same.
  const split = String(request['split'] ?? '');
  return [
    ['data', data.name, 'all'],
    ...requested.map((key): Condition => [key, request[key], key === 'split' ? kind : 'all']),
    ['data fingerprint', data.fingerprint, split],
    ['number of test images', sum(data.counts.test), 'all'],
    ...Object.entries({ ...options, ...('scale' in overrides ? { scale: overrides['scale'] } : {}) })
      .filter(([key]) => !(key in changes))
      .map(([key, value]): Condition => [key, value, peersOf(key, info)]),
  ];
};

/** Values of what was asked for of the data where nothing was said. */
const UNSAID: Readonly<Record<string, string>> = { split: 'train' };

const shown = (key: string, value: unknown): string =>
  value === undefined ? (UNSAID[key] ?? 'not set') : String(value);

const refuse = (problem: string): never => {
  throw new ComparisonError(`Cannot compare runs: ${problem}`);
};

/**
 * Makes sure that runs of one table differ in their method and seed alone. Throws a ComparisonError that names the
 * first other difference, or two runs of one row with the same seed, which would make the spread look smaller than it
 * is. Networks of about as many multiply-adds may differ in channels. An option that a run does not record is taken to
 * be that of the others.
 */
export const requireComparable = (given: readonly LoadedRun[]): void => {
  const runs = setApart(given);
  const requested = new Set(runs.flatMap(({ info }) => Object.keys(dataRequest(info))));
  requested.delete('spec');
  const equal = ofEqualCost(runs);
  const found = new Map<string, { readonly value: unknown; readonly path: string }>();
  for (const [i, { info, path }] of runs.entries()) {
    for (const [key, value, among] of conditionsOf(info, [...requested])) {
      if (key === 'channels' && equal && info.experiment.network !== null) continue;
      const first = found.get(`${key} of ${among}`) ?? { value, path };
      found.set(`${key} of ${among}`, first);
      if (first.value !== value)
        refuse(
          `${key} must be equal, it is ${shown(key, first.value)} in ${first.path} and ` +
            `${shown(key, value)} in ${path}; report them separately`,
        );
    }
    const row = rowName(info);
    const twin = runs.slice(0, i).find((run) => rowName(run.info) === row && run.info.seed === info.seed);
    if (twin) refuse(`seeds of ${row} must differ, it is ${info.seed} in ${twin.path} and in ${path}; leave one out`);
  }
};
