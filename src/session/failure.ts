import type { Plan } from '../experiment/index.js';
import { FileError, type RunFolder } from '../run/index.js';
import { explained } from './diverged.js';

/** How libtorch, C++, JavaScript and the operating system say it. */
const NO_MEMORY = /out of memory|bad_alloc|allocation failed|cannot allocate memory|ENOMEM/i;

/** A FileError of a run that can be continued says how; other errors stay as they are. */
export const resumable = (error: unknown, { path }: Pick<RunFolder, 'path'>): unknown =>
  error instanceof FileError
    ? new Error(`${error.message}, then continue with \`tailnas resume ${path}\``, { cause: error })
    : error;

/** Why a run ended without a result, in a sentence that says what to do: what is thrown and logged. */
export const failureOf = (
  error: unknown,
  { folder, plan }: { folder: Pick<RunFolder, 'path' | 'checkpoints' | 'records'>; plan: Plan },
): unknown => {
  const message = error instanceof Error ? error.message : String(error);
  if (!NO_MEMORY.test(message)) return resumable(explained(error, { folder, plan }), folder);
  return new Error(
    `Cannot go on with ${folder.path}: there is not enough memory (${message}); end other programs and continue with ` +
      `\`tailnas resume ${folder.path}\`, or start again with a smaller --batch-size`,
    { cause: error },
  );
};
