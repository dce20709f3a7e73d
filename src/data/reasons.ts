/** A file that could not be used, or a path that leads to none, and why. */
export interface Failure {
  readonly file: string;
  readonly reason: string;
}

/** What is wrong with a file, in words. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
}

/** What paths say that lead nowhere. */
export const NOT_THERE = 'there is no such file or folder; check the path';

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Of the file system's errors those that a user can do something about, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: NOT_THERE,
  EACCES: 'it may not be read; change its permissions (chmod u+r, and u+x for a folder)',
  EPERM: 'it may not be read; change its permissions (chmod u+r, and u+x for a folder)',
  ELOOP: 'it is a link that leads to itself; remove it',
  ENAMETOOLONG: 'its name is too long; shorten it',
  EIO: 'its disk reports an error; copy it from elsewhere',
  ESTALE: 'its network drive is gone; mount it again',
  ENOSPC: 'the disk is full; free space on it',
  EMFILE: 'too many files are open; raise the limit (ulimit -n 4096)',
};

/** Why a file cannot be opened, in words. */
export const reasonOf = (error: unknown): string =>
  REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));

/** What an entry is that is neither a file nor a folder; undefined for these. */
export const specialKind = (entry: {
  isFIFO(): boolean;
  isSocket(): boolean;
  isCharacterDevice(): boolean;
  isBlockDevice(): boolean;
}): string | undefined => {
  if (entry.isFIFO()) return 'a named pipe';
  if (entry.isSocket()) return 'a socket';
  return entry.isCharacterDevice() || entry.isBlockDevice() ? 'a device' : undefined;
};
