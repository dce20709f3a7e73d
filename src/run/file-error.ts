/** What the codes of the operating system mean, and what to do: `[the disk is full, free space on it]`. */
const MEANINGS: Readonly<Record<string, readonly [what: string, wayOut: string]>> = {
  ENOSPC: ['the disk is full', 'free space on it'],
  EDQUOT: ['the quota of this disk is used up', 'free space, or ask for more'],
  EFBIG: ['the file is too large for this disk', 'use another disk'],
  EIO: ['the disk failed', 'check the disk, or copy the folder to another'],
  ENOENT: ['it is not there any more', 'check whether the folder was moved or removed'],
  ESTALE: ['it is not there any more', 'check whether the folder was moved or removed'],
  ENOTDIR: ['what should be a folder is none', 'restore the folder from a copy'],
  EISDIR: ['what should be a file is a folder', 'restore the file from a copy'],
  EACCES: ['the right to do so is missing', 'change the rights of the folder'],
  EPERM: ['the right to do so is missing', 'change the rights of the folder'],
  EROFS: ['the disk may only be read', 'copy the folder to one that can be written'],
  ELOOP: ['it is a link, and links in a run folder are not followed', 'put what it points to in its place'],
  ENAMETOOLONG: ['the name is too long', 'use a shorter path'],
  EMFILE: ['too many files are open', 'raise the limit with `ulimit -n`'],
  ENFILE: ['too many files are open', 'stop other programs'],
};

/** The operating system's code of an error, such as `ENOSPC`; undefined where it has none. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** A file that could not be read or written, in one sentence: action, file, reason, way out. */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** `ENOSPC`, or nothing where the operating system is not to blame. */
  readonly code: string | undefined;

  constructor(action: string, { cause, wayOut = '' }: { cause: unknown; wayOut?: string }) {
    const code = codeOf(cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const [what, usual] = MEANINGS[code ?? ''] ?? [reason, 'check the folder, its rights and free space'];
    super(`${action}: ${what}${MEANINGS[code ?? ''] === undefined ? '' : ` (${code})`}; ${wayOut || usual}`, { cause });
    this.code = code;
  }
}

/** What `work` gives; where it fails, the first failure as a `FileError` that begins with `action`. */
export const attempt = <T>(action: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (error instanceof FileError || (codeOf(error) === undefined && error instanceof Error)) throw error;
    throw new FileError(action, { cause: error });
  }
};

/** Does what can be left undone, such as clearing up: that it fails must not hide the failure before it. */
export const ifPossible = (work: () => void): void => {
  try {
    work();
  } catch {
    // The first error is reported.
  }
};
