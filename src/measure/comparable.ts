import type { RunInfo } from '../run/index.js';
import { dataRequest } from './paper-data.js';
import { rowName } from './rows.js';
import type { LoadedRun } from './runs.js';

/** Runs that may not stand in one table: their figures would differ for other reasons than the method. */
export class ComparisonError extends Error {
  override readonly name = 'ComparisonError';
}

/** Options that say how large a run is. The others are an experiment's own, and may differ between rows. */
const SIZES = ['epochs', 'batchSize', 'channels', 'layers', 'nodes'];

const dataConditions = (info: RunInfo): [string, unknown][] => {
  const { spec: _, ...request } = dataRequest(info);
  return [['data', info.data.name], ...Object.entries(request), ['data fingerprint', info.data.fingerprint]];
};

/** What must be equal among runs of a kind, and, after that, what must be equal among seeds of a row. */
const optionConditions = ({ experiment, changes, overrides: { scale } }: RunInfo): [string, unknown][][] => {
  const options = Object.entries(experiment.options).filter(([key]) => !(key in changes));
  const isSize = ([key]: [string, unknown]) => SIZES.includes(key);
  return [
    [...options.filter(isSize), ...(scale === undefined ? [] : [['scale', scale] satisfies [string, unknown]])],
    options.filter((entry) => !isSize(entry)),
  ];
};

const shown = (value: unknown): string => (value === undefined ? 'not set' : String(value));

/** A value, and the run that has it. */
type Found = readonly [value: unknown, path: string];

const requireEqual = (key: string, { a, b }: { a: Found; b: Found }): void => {
  if (a[0] === b[0]) return;
  throw new ComparisonError(
    `Cannot compare runs: ${key} must be equal, it is ${shown(a[0])} in ${a[1]} and ${shown(b[0])} in ${b[1]}; ` +
      'report them separately',
  );
};

/**
 * Makes sure that runs differ in their method and seed alone before they stand in one table. Throws a ComparisonError
 * that names the first other difference, or two runs of one row with the same seed, which would make the spread look
 * smaller than it is. An option that a run does not record is taken to be that of the others.
 */
export const requireComparable = (runs: readonly LoadedRun[]): void => {
  const [first] = runs;
  if (first === undefined) return;
  const data = new Map(dataConditions(first.info));
  const options = new Map<string, Found>();
  const seeds = new Map<string, string>();
  for (const { info, path } of runs) {
    const own = new Map(dataConditions(info));
    for (const key of new Set([...data.keys(), ...own.keys()]))
      requireEqual(key, { a: [data.get(key), first.path], b: [own.get(key), path] });
    const row = rowName(info);
    for (const [i, conditions] of optionConditions(info).entries())
      for (const [key, value] of conditions) {
        const among = `${key} of ${i === 0 ? info.experiment.kind : row}`;
        const a = options.get(among) ?? [value, path];
        requireEqual(key, { a, b: [value, path] });
        options.set(among, a);
      }
    const earlier = seeds.get(`${row} ${info.seed}`);
    if (earlier !== undefined)
      throw new ComparisonError(
        `Cannot compare runs: seeds of ${row} must differ, it is ${info.seed} in ${earlier} and in ${path}; ` +
          'leave one out',
      );
    seeds.set(`${row} ${info.seed}`, path);
  }
};
