import type { RunInfo } from '../run/index.js';
import { dataRequest } from './paper-data.js';
import { rowName } from './rows.js';
import type { LoadedRun } from './runs.js';

/** Runs that may not stand in one table: their figures would differ for other reasons than the method. */
export class ComparisonError extends Error {
  override readonly name = 'ComparisonError';
}

/** Options by which experiments differ in their method; the others must be equal. */
const OF_METHOD: readonly string[] = ['mixing', 'sampling', 'freeze', 'bnScope', 'logitScale'];

const dataConditions = (info: RunInfo): [string, unknown][] => {
  const { spec: _, ...request } = dataRequest(info);
  return [['data', info.data.name], ...Object.entries(request), ['data fingerprint', info.data.fingerprint]];
};

/** The options by which runs of a kind must agree: a search and a training have their own. */
const sizeConditions = ({ experiment, changes, overrides: { scale } }: RunInfo): [string, unknown][] => [
  ...Object.entries(experiment.options).filter(([key]) => !OF_METHOD.includes(key) && !(key in changes)),
  ...(scale === undefined ? [] : [['scale', scale] satisfies [string, unknown]]),
];

const shown = (value: unknown): string => (value === undefined ? 'not set' : String(value));

const refuse = (what: string, { a, b }: { a: readonly [unknown, string]; b: readonly [unknown, string] }): never => {
  throw new ComparisonError(
    `Cannot compare runs: ${what}, it is ${shown(a[0])} in ${a[1]} and ${shown(b[0])} in ${b[1]}; report them separately`,
  );
};

/**
 * Makes sure that runs differ in their method and seed alone before they stand in one table. Throws a ComparisonError
 * that names the first other difference, or two runs of one row with the same seed, which would make the spread look
 * smaller than it is. An option that a run does not record, such as one that was changed, is that of the next run.
 */
export const requireComparable = (runs: readonly LoadedRun[]): void => {
  const [first] = runs;
  if (first === undefined) return;
  const data = new Map(dataConditions(first.info));
  const sizes = new Map<string, readonly [unknown, string]>();
  const seeds = new Map<string, string>();
  for (const { info, path } of runs) {
    const own = new Map(dataConditions(info));
    for (const key of new Set([...data.keys(), ...own.keys()])) {
      const [a, b] = [data.get(key), own.get(key)];
      if (a !== b) refuse(`${key} must be equal`, { a: [a, first.path], b: [b, path] });
    }
    for (const [key, b] of sizeConditions(info)) {
      const of = `${info.experiment.kind} ${key}`;
      const a = sizes.get(of) ?? [b, path];
      if (a[0] !== b) refuse(`${key} must be equal`, { a, b: [b, path] });
      sizes.set(of, a);
    }
    const seed = `${rowName(info)} ${info.seed}`;
    const earlier = seeds.get(seed);
    if (earlier !== undefined)
      throw new ComparisonError(
        `Cannot compare runs: seeds of ${rowName(info)} must differ, it is ${info.seed} in ${earlier} and in ${path}; leave one out`,
      );
    seeds.set(seed, path);
  }
};
