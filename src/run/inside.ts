import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { writeAtomic } from './atomic.js';
import { attempt, codeOf, ifPossible } from './file-error.js';

// The only way to the files of a run folder, of a fit and of a reproduction. The folder may be from a stranger: a link
// in it could lead anywhere, and so could a name that some text of it gives. The folder itself is named by the user,
// and may be a link.

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** Never through a link, and never waiting for the other end of a pipe. */
const CAREFUL = O_NOFOLLOW | O_NONBLOCK;
const FOR_ALL = 0o666;

/** Whether a name can be that of a file in a folder, and of none elsewhere. */
export const isPlainName = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !/[/\\\p{Cc}]/u.test(name);

const lstatIfThere = (path: string): Stats | undefined =>
  attempt(`Cannot read ${path}`, () => {
    try {
      return lstatSync(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  });

const refuse = (path: string, { must, is, wayOut }: { must: string; is: string; wayOut: string }): never => {
  throw new Error(`Cannot use ${path}: it must be ${must}, it is ${is}; ${wayOut}`);
};

const kindOf = (found: Stats): string =>
  found.isSymbolicLink()
    ? 'a link, and links in a run folder are not followed'
    : found.isDirectory()
      ? 'a folder'
      : found.isFile()
        ? 'a file'
        : 'a device or a pipe';

const requireFolder = (path: string, found: Stats): void => {
  if (!found.isDirectory())
    refuse(path, { must: 'a folder', is: kindOf(found), wayOut: 'put the folder itself in its place' });
};
const requireFile = (path: string, found: Stats): void => {
  if (!found.isFile()) refuse(path, { must: 'a file', is: kindOf(found), wayOut: 'put the file itself in its place' });
};

/** The path of something in a run folder, on which no link lies. Throws where one does, and on names with `..`. */
const pathInside = (dir: string, names: readonly string[]): string => {
  let path = dir;
  for (const [i, name] of names.entries()) {
    if (!isPlainName(name))
      throw new Error(
        `Cannot use ${JSON.stringify(name)} in ${dir}: a name in a run folder must be one of a file, without / or ` +
          '..; correct it there',
      );
    path = join(path, name);
    const found = i < names.length - 1 ? lstatIfThere(path) : undefined;
    if (found !== undefined) requireFolder(path, found);
  }
  return path;
};

/** Whether a run folder has something of this name, of whatever kind. */
export const isInside = (dir: string, ...names: string[]): boolean =>
  lstatIfThere(pathInside(dir, names)) !== undefined;

/** The bytes of a file in a run folder, or undefined where there is none. Throws on links, pipes and devices. */
export const readInside = (dir: string, ...names: string[]): Buffer | undefined => {
  const path = pathInside(dir, names);
  const found = lstatIfThere(path);
  if (found === undefined) return undefined;
  requireFile(path, found);
  return attempt(`Cannot read ${path}`, () => {
    let descriptor: number;
    try {
      descriptor = openSync(path, O_RDONLY | CAREFUL);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined; // removed in this moment
      throw error;
    }
    try {
      requireFile(path, fstatSync(descriptor));
      return readFileSync(descriptor);
    } finally {
      ifPossible(() => closeSync(descriptor));
    }
  });
};

/** Which file of a run folder it is and how it stands, by which one sees that it changed. */
export interface Stamp {
  /** Of the file itself: another where it was replaced. */
  readonly file: number;
  readonly size: number;
  /** Milliseconds since 1970, by the clock of the file system. */
  readonly modified: number;
}

const stampOf = ({ ino, size, mtimeMs }: Stats): Stamp => ({ file: ino, size, modified: mtimeMs });

/** How a file in a run folder stands, or undefined where there is none. Throws on links, pipes and devices. */
export const stampInside = (dir: string, name: string): Stamp | undefined => {
  const path = pathInside(dir, [name]);
  const found = lstatIfThere(path);
  if (found === undefined) return undefined;
  requireFile(path, found);
  return stampOf(found);
};

/** At most `most` bytes of a file in a run folder from `from` on, and how it stood then. Throws as `stampInside`. */
export const sliceInside = (
  dir: string,
  name: string,
  { from, most }: { from: number; most: number },
): { readonly bytes: Buffer; readonly stamp: Stamp } | undefined => {
  const path = pathInside(dir, [name]);
  if (stampInside(dir, name) === undefined) return undefined;
  return attempt(`Cannot read ${path}`, () => {
    const descriptor = openSync(path, O_RDONLY | CAREFUL);
    try {
      const stats = fstatSync(descriptor);
      requireFile(path, stats);
      const bytes = Buffer.alloc(Math.max(0, Math.min(most, stats.size - from)));
      return { bytes: bytes.subarray(0, readSync(descriptor, bytes, { position: from })), stamp: stampOf(stats) };
    } finally {
      ifPossible(() => closeSync(descriptor));
    }
  });
};

/** The same as text. */
export const textInside = (dir: string, ...names: string[]): string | undefined =>
  readInside(dir, ...names)?.toString('utf8');

/** The names in a folder of a run folder; none where it is missing. */
export const listInside = (dir: string, ...names: string[]): string[] => {
  const path = pathInside(dir, names);
  const found = lstatIfThere(path);
  if (found === undefined) return [];
  if (names.length > 0) requireFolder(path, found);
  return attempt(`Cannot read ${path}`, () => readdirSync(path));
};

/** The path of a folder in a folder, whether it is there or not. Throws where a link or a file lies in its place. */
export const placeInside = (dir: string, ...names: string[]): string => {
  const path = pathInside(dir, names);
  const found = lstatIfThere(path);
  if (found !== undefined) requireFolder(path, found);
  return path;
};

/** A folder of a run folder, which is made where it is missing. */
export const folderInside = (dir: string, ...names: string[]): string => {
  const path = placeInside(dir, ...names);
  if (lstatIfThere(path) === undefined) attempt(`Cannot make ${path}`, () => mkdirSync(path));
  return path;
};

/** Replaces a file in a run folder, complete or not at all: `writeAtomic`. Its folder must be there. */
export const writeInside = (
  dir: string,
  names: readonly string[],
  content: string | Uint8Array | readonly Uint8Array[],
): void => writeAtomic(pathInside(dir, names), content);

/** Removes a file of a run folder, if it is there; a link is removed, not what it points to. */
export const removeInside = (dir: string, ...names: string[]): void => {
  const path = pathInside(dir, names);
  attempt(`Cannot remove ${path}`, () => rmSync(path, { force: true }));
};

/**
 * Adds to the end of a file in a run folder. With `at`, only where the file has that many bytes now, and on return all
 * is on disk; what cannot be added whole leaves nothing. Returns the bytes that the file then has.
 */
export const appendInside = (
  dir: string,
  name: string,
  { content, at }: { content: string | Uint8Array; at?: number },
): number => {
  const path = pathInside(dir, [name]);
  const found = lstatIfThere(path);
  if (found !== undefined) requireFile(path, found);
  return attempt(`Cannot write ${path}`, () => {
    const descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | CAREFUL, FOR_ALL);
    try {
      const before = fstatSync(descriptor);
      requireFile(path, before);
      if (at !== undefined && before.size !== at)
        throw new Error(
          `Cannot write ${path}: another process has changed it meanwhile (it had ${at} bytes, it has ` +
            `${before.size}); stop all but one, then resume`,
        );
      try {
        writeFileSync(descriptor, content);
        if (at !== undefined) fsyncSync(descriptor);
      } catch (error) {
        ifPossible(() => ftruncateSync(descriptor, before.size));
        throw error;
      }
      return before.size + Buffer.byteLength(content);
    } finally {
      ifPossible(() => closeSync(descriptor));
    }
  });
};

/** Makes a file that has several names (hard links) one of its own, so that adding to it changes no other file. */
export const unshareInside = (dir: string, name: string): void => {
  const found = lstatIfThere(pathInside(dir, [name]));
  if (found === undefined || !found.isFile() || found.nlink === 1) return;
  writeInside(dir, [name], readInside(dir, name) ?? '');
};
