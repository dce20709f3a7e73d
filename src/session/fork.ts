import { isDeepStrictEqual } from 'node:util';
import type { Dataset } from '../data/index.js';
import { describe, isLater, type Plan, respelled } from '../experiment/index.js';
import { firstEpochs, readStanding } from '../loop/index.js';
import { type Checkpoint, type EpochRecord, openRun, type RunInfo } from '../run/index.js';
import { reading, requireCheckpoint, requireOwn } from './checkpoint.js';

/** A finished run that another is continuing from: its records, and its state at the end. */
export interface Parent {
  readonly records: readonly EpochRecord[];
  readonly checkpoint: Checkpoint;
  /** What run.json says of its data, where they are not the new run's. */
  readonly adaptedFrom: RunInfo['adaptedFrom'];
}

/** The data of the new run; images that are not decoded have no fingerprint yet. */
type ForkData = Pick<Dataset, 'classes' | 'channels' | 'imageSize'> & Partial<Pick<Dataset, 'fingerprint'>>;

/**
 * Opens the finished run whose phases are the first of a plan's, so that they need not be run again: the result is the
 * same to the bit. Its data must be the new run's, unless the phase after it adapts to others. Throws when the run did
 * anything else than the plan would have done, naming the difference.
 */
export const openParent = (
  dir: string,
  { plan, seed, dataset }: { plan: Plan; seed: number; dataset: ForkData },
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
  const asked = Object.entries(own.options).filter(([name]) => !isLater(plan.experiment, name));
  const recorded = respelled(plan.experiment, there.options);
  for (const [name, value] of asked) same(name, recorded[name] ?? usual[name], value);
  same('method', there.method, own.method);
  same('phases', there.phases, own.phases.slice(0, done));
  same('seed', info.seed, seed);
  if (plan.phases[done]?.adapts) {
    same('number of classes', info.data.classes.length, dataset.classes.length);
    same('number of channels', info.data.channels, dataset.channels);
    same('image size', info.data.imageSize, dataset.imageSize);
  } else if (dataset.fingerprint !== undefined) same('data fingerprint', info.data.fingerprint, dataset.fingerprint);
  const checkpoint = requireCheckpoint(folder, `Cannot continue from ${dir}`);
  requireOwn(folder, checkpoint);
  const end = firstEpochs(plan.phases)[done] ?? 0;
  const { epoch } = checkpoint.position;
  // A stop rule may have ended its last phase early.
  const standing = reading({ path, checkpoint }, () => readStanding(checkpoint.bytes));
  const ended = epoch >= end || (standing.phase?.index ?? 0) >= done;
  if (!ended) return fail(`it must be finished, it is at epoch ${epoch} of ${end}; resume it first`);
  const { name, counts } = info.data;
  const other = info.data.fingerprint !== dataset.fingerprint;
  const adaptedFrom = { epochs: epoch, name, fingerprint: info.data.fingerprint, valid: counts.valid };
  return {
    records: records().filter((record) => record.epoch < epoch),
    checkpoint,
    adaptedFrom: other ? adaptedFrom : undefined,
  };
};

/** What a user should know before a run starts. from: the run that it continues */
export const noticesBefore = ({ notices, phases }: Plan, from: string | undefined): string[] => {
  const alone = from === undefined && phases.some(({ adapts }) => adapts);
  const way = 'to adapt a search on balanced images, give its folder with --from';
  return [...notices, ...(alone ? [`the search before the adaptation learns from the same images; ${way}`] : [])];
};
