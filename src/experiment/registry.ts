import { join } from 'node:path';
import { orKnown } from '../label/index.js';
import type { ExperimentRecord } from '../run/index.js';
import { readGenotypes } from '../space/index.js';
import type { Experiment, Plan } from './experiment.js';
import { methods } from './methods.js';
import { recordedOptions } from './network-options.js';
import { populations } from './populations.js';
import { table2 } from './recipes.js';
import { training } from './train.js';

const found = new Map([...table2, ...methods, ...populations].map((experiment) => [experiment.name, experiment]));

/** Every search that has a name, in the order of the paper; then those of a user's own modules. */
export const experiments = {
  all: (): readonly Experiment[] => [...found.values()],
  names: (): readonly string[] => [...found.keys()],
  /** Throws a RangeError with the nearest name when there is none. */
  named: (name: string): Experiment =>
    found.get(name) ??
    ((): never => {
      const names = [...found.keys()];
      throw new RangeError(`Unknown recipe "${name}"${orKnown(name, names)}`);
    })(),
  /** Throws a RangeError when the name is taken. */
  add: (experiment: Experiment): void => {
    if (found.has(experiment.name))
      throw new RangeError(`Cannot add recipe "${experiment.name}": the name is taken; choose another`);
    found.set(experiment.name, experiment);
  },
};

/**
 * The plan that a run was started with, from its description; `run` is its folder, for errors. Throws when this version
 * has no such experiment, or other options, and when the genotype that it trains is damaged.
 */
export const planOf = (record: ExperimentRecord, { run = '' }: { run?: string } = {}): Plan => {
  const refuse = (problem: string): never => {
    throw new Error(`Cannot open run${run && ` ${run}`}: ${problem}`);
  };
  const experiment = (): Experiment => {
    const { network } = record;
    if (network !== null) {
      const { name, genotypes, search } = network;
      const cells = genotypes === null ? null : readGenotypes(genotypes, { from: join(run, 'run.json') });
      return training({ name, genotypes: cells, ...(search && { search }) }, run === '' ? {} : { what: run });
    }
    const known = found.get(record.name);
    return (
      known ??
      refuse(
        `this version has no recipe "${record.name}", only ${experiments.names().join(', ')}; ` +
          'if it came from your own module, name that with --use',
      )
    );
  };
  try {
    return experiment().with(recordedOptions(record));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse(`this version does not accept the settings in run.json (${error.message})`);
  }
};
