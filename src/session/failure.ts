import type { Plan } from '../experiment/index.js';
import { PeerError } from '../group/index.js';
import { FileError, type RunFolder } from '../run/index.js';
import { explained } from './diverged.js';

/** How libtorch, C++, JavaScript and the operating system say it. */
const NO_MEMORY = /out of memory|bad_alloc|allocation failed|cannot allocate memory|ENOMEM/i;

/** There is less memory than is needed, which was found where there was none left. */
export class NoMemoryError extends Error {
  override readonly name = 'NoMemoryError';
}

/** An error of missing memory as a sentence that says what to do; other errors stay as they are. */
export const explainedMemory = (error: unknown, run?: string): unknown => {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NoMemoryError || !NO_MEMORY.test(message)) return error;
  const reason = message.replace(/( could not be had) \(.*$/s, '$1'); // without the arguments of the operator
  const [what, way] =
    run === undefined
      ? ['', 'end other programs, or use smaller batches or images']
      : [
          ` with ${run}`,
          `end other programs and continue with \`tailnas resume ${run}\`, or start again with smaller batches or ` +
            'images',
        ];
  return new NoMemoryError(`Cannot continue${what}: there is not enough memory (${reason}); ${way}`, { cause: error });
};

/** A FileError or PeerError of a run that can be continued says how; other errors stay as they are. */
export const resumable = (error: unknown, { path }: Pick<RunFolder, 'path'>): unknown => {
  if (error instanceof PeerError) return new PeerError(error.problem, { run: path, cause: error });
  return error instanceof FileError
    ? new Error(`${error.message}, then continue with \`tailnas resume ${path}\``, { cause: error })
    : error;
};

/** Why a run ended without a result, in a sentence that says what to do: what is thrown and logged. */
export const failureOf = (
  error: unknown,
  { folder, plan }: { folder: Pick<RunFolder, 'path' | 'checkpoints' | 'records'>; plan: Plan },
): unknown => {
  const told = explainedMemory(error, folder.path);
  if (told !== error) return told;
  try {
    return resumable(explained(error, { folder, plan }), folder);
  } catch {
    return error; // the folder cannot be read: the earlier error is reported
  }
};
