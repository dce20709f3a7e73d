import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CheckpointError, readStanding } from '../loop/index.js';
import type { Checkpoint, RunFolder } from '../run/index.js';
import { readMetadata, withMetadata } from '../tensor/index.js';

/** What `read` makes of a run's checkpoint; its errors then name the file. */
export const reading = <T>(
  { path, checkpoint }: { path: string; checkpoint: Pick<Checkpoint, 'file'> | undefined },
  read: () => T,
): T => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CheckpointError) || checkpoint === undefined) throw error;
    throw new CheckpointError(error.problem, { file: join(path, 'checkpoints', checkpoint.file) });
  }
};

/**
 * The newest undamaged checkpoint of a run. Throws when there is none, with what to do: a finished run has lost its
 * own, another may not have come so far.
 */
export const requireCheckpoint = (
  { path, checkpoints, readEvaluation }: Pick<RunFolder, 'path' | 'checkpoints' | 'readEvaluation'>,
  action: string,
): Checkpoint => {
  const found = checkpoints.newest();
  if (found !== undefined) return found;
  const folder = join(path, 'checkpoints');
  throw new Error(
    readEvaluation() === undefined
      ? `${action}: it must have a checkpoint, it has none yet; wait for its first epoch, or \`tailnas resume ${path}\``
      : `${action}: it is finished, but its checkpoints are not there; copy ${folder} from where it ran (its result ` +
          'is in evaluation.json)',
  );
};

type Described = Pick<RunFolder, 'info' | 'isSealed'>;

/** JSON in which the order of keys does not count. */
const ordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, ordered(part)]),
  );
};

/** Of which run a checkpoint is: seed, settings and data are what its numbers depend on. */
const stampOf = ({ experiment, seed, data }: RunFolder['info']): Readonly<Record<string, string>> => ({
  seed: String(seed),
  settings: createHash('sha256')
    .update(JSON.stringify(ordered(experiment)))
    .digest('hex')
    .slice(0, 16),
  data: data.fingerprint,
});

/** The bytes of a checkpoint that says of which run it is; those of older runs, without seals, stay as they are. */
export const stamped = (bytes: readonly Uint8Array[], { info, isSealed }: Described): readonly Uint8Array[] =>
  isSealed ? withMetadata(bytes, stampOf(info)) : bytes;

/**
 * Throws where a checkpoint is not of the run in whose folder it lies, or not of the epoch and step that its name says.
 */
export const requireOwn = (
  { path, info, isSealed }: Described & Pick<RunFolder, 'path'>,
  checkpoint: Pick<Checkpoint, 'file' | 'position' | 'bytes'>,
): void =>
  reading({ path, checkpoint }, () => {
    const { file, position, bytes } = checkpoint;
    const { epoch, step } = readStanding(bytes); // first: it says where there is no checkpoint at all
    const fail = (problem: string): never => {
      throw new CheckpointError(`${problem}; move it away, or restore the folder from a copy`);
    };
    if (epoch !== position.epoch || step !== position.step)
      fail(`its name ${file} must match its content, which is epoch ${epoch}, step ${step}`);
    const its = readMetadata(bytes);
    for (const [name, own] of Object.entries(stampOf(info)))
      if (its[name] === undefined ? isSealed : its[name] !== own)
        fail(
          `it must be of this run (${name} ${own.slice(0, 16)}), it is of another ` +
            `(${name} ${its[name]?.slice(0, 16) ?? 'unknown'})`,
        );
  });
