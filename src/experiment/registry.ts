import { didYouMean, knownNames } from '../label/index.js';
import type { ExperimentRecord } from '../run/index.js';
import type { Experiment, Plan } from './experiment.js';
import { table2 } from './recipes.js';
import { trainingOf } from './train.js';

const found = new Map(table2.map((experiment) => [experiment.name, experiment]));

/** Every search that has a name, in the order of the paper; then those of a user's own modules. */
export const experiments = {
  all: (): readonly Experiment[] => [...found.values()],
  names: (): readonly string[] => [...found.keys()],
  /** Throws a RangeError with the nearest name when there is none. */
  named: (name: string): Experiment =>
    found.get(name) ??
    ((): never => {
      const names = [...found.keys()];
      throw new RangeError(`Unknown recipe "${name}":${didYouMean(name, names)} ${knownNames(names)}`);
    })(),
  /** Throws a RangeError when the name is taken. */
  add: (experiment: Experiment): void => {
    if (found.has(experiment.name))
      throw new RangeError(`Cannot add recipe "${experiment.name}": the name is taken; choose another`);
    found.set(experiment.name, experiment);
  },
};

/**
 * The plan that a run was started with, from its description. Throws when this version has no such experiment, or other
 * options.
 */
export const planOf = (record: ExperimentRecord): Plan => {
  const refuse = (problem: string): never => {
    throw new Error(`Cannot open run: ${problem}`);
  };
  const experiment = (): Experiment => {
    if (record.network !== null) return trainingOf(record.network);
    const known = found.get(record.name);
    return (
      known ??
      refuse(
        `this version has no recipe "${record.name}", only ${experiments.names().join(', ')}; ` +
          'if it came from a module of yours, name that with --use',
      )
    );
  };
  try {
    return experiment().with(record.options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse(`the options in run.json are not what this version takes (${error.message})`);
  }
};
