import { isDeepStrictEqual } from 'node:util';
import { describe, type Plan } from '../experiment/index.js';
import { firstEpochs, readStanding } from '../loop/index.js';
import { type Checkpoint, type EpochRecord, openRun } from '../run/index.js';
import { reading, requireCheckpoint, requireOwn } from './checkpoint.js';

/** A finished run that another is continuing from: its records, and its state at the end. */
export interface Parent {
  readonly records: readonly EpochRecord[];
  readonly checkpoint: Checkpoint;
}

/**
 * Opens the finished run whose phases are the first of a plan's, so that they need not be run again: the result is the
 * same to the bit. Throws when the run did anything else than the plan would have done, naming the difference.
 */
export const openParent = (
  dir: string,
  { plan, seed, fingerprint }: { plan: Plan; seed: number; fingerprint: string },
): Parent => {
  const folder = openRun(dir);
  const { info, records, path } = folder;
  const fail = (problem: string): never => {
    throw new Error(`Cannot continue from ${dir}: ${problem}`);
  };
  const [own, there] = [describe(plan), info.experiment];
  const done = there.phases.length;
  if (own.phases.length <= done)
    fail(`${own.name} must have a phase beyond those of ${info.name}, it has ${own.phases.length} of ${done}`);
  const same = (what: string, its: unknown, here: unknown): void => {
    if (!isDeepStrictEqual(its, here))
      fail(`its ${what} must be the new run's, it is ${JSON.stringify(its)} there and ${JSON.stringify(here)} here`);
  };
  // Options that a run of an older version did not have yet are as they were by default.
  const usual = plan.experiment.with({}).values;
  for (const [name, value] of Object.entries(own.options)) same(name, there.options[name] ?? usual[name], value);
  same('method', there.method, own.method);
  same('phases', there.phases, own.phases.slice(0, done));
  same('seed', info.seed, seed);
  same('data fingerprint', info.data.fingerprint, fingerprint);
  const checkpoint = requireCheckpoint(folder, `Cannot continue from ${dir}`);
  requireOwn(folder, checkpoint);
  const end = firstEpochs(plan.phases)[done] ?? 0;
  const { epoch } = checkpoint.position;
  // A stop rule may have ended its last phase early.
  const standing = reading({ path, checkpoint }, () => readStanding(checkpoint.bytes));
  const ended = epoch >= end || (standing.phase?.index ?? 0) >= done;
  if (!ended) return fail(`it must be finished, it is at epoch ${epoch} of ${end}; resume it first`);
  return { records: records().filter((record) => record.epoch < epoch), checkpoint };
};
