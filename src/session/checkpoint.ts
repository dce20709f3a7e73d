import { join } from 'node:path';
import { CheckpointError } from '../loop/index.js';
import type { Checkpoint, RunFolder } from '../run/index.js';

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
          'stands in evaluation.json)',
  );
};
