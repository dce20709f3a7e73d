import { isDeepStrictEqual } from 'node:util';
import { type Checkpoint, type EpochRecord, openRun } from '../run/index.js';
import { phasesOf } from './phase.js';
import { describeRecipe, type Recipe } from './recipe.js';

/** A finished run that another is going on from: its records, and its state at the end. */
export interface Parent {
  readonly records: readonly EpochRecord[];
  readonly checkpoint: Checkpoint;
}

/**
 * Opens the finished run whose phases are the first of a recipe's, so that the recipe need not run them again: the result is the same to the bit.
 * Throws when the run did anything else than the recipe would have done, naming the difference.
 */
export const openParent = (
  dir: string,
  { recipe, seed, fingerprint }: { recipe: Recipe; seed: number; fingerprint: string },
): Parent => {
  const { info, records, checkpoints } = openRun(dir);
  const fail = (problem: string): never => {
    throw new Error(`Cannot go on from ${dir}: ${problem}`);
  };
  const own = describeRecipe(recipe);
  const [, ...further] = phasesOf(recipe);
  const done = info.recipe.phases.length;
  if (further.length <= done)
    fail(`${recipe.name} must have a phase beyond those of ${info.name}, it has ${further.length + 1} of ${done + 1}`);
  const same = (what: string, there: unknown, here: unknown): void => {
    if (!isDeepStrictEqual(there, here))
      fail(`its ${what} must be the new run's, it is ${JSON.stringify(there)} there and ${JSON.stringify(here)} here`);
  };
  for (const [name, value] of Object.entries(own.settings)) same(name, info.recipe.settings[name], value);
  same('method', info.recipe.method, own.method);
  same('loss', info.recipe.loss, own.loss);
  same('switches', info.recipe.switches, own.switches);
  same('phases', info.recipe.phases, own.phases.slice(0, done));
  same('seed', info.seed, seed);
  same('data fingerprint', info.data.fingerprint, fingerprint);
  const checkpoint = checkpoints.newest();
  const end = further[done]?.first ?? 0;
  if (checkpoint === undefined || checkpoint.position.epoch < end)
    return fail(`it must be finished, it is at epoch ${checkpoint?.position.epoch ?? 0} of ${end}; resume it first`);
  return { records: records().filter((record) => record.epoch < end), checkpoint };
};
