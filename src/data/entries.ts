import { open, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../label/index.js';
import { fileKind, HEAD_BYTES } from './image-kind.js';

/** A file that could not be used, or a path that leads to none, and why. */
export interface Failure {
  readonly file: string;
  readonly reason: string;
}

/** What one folder holds: every entry of it is in one of the lists. Names are sorted in an order no machine changes. */
export interface Survey {
  readonly path: string;
  /** Folders, links to folders among them. */
  readonly folders: readonly string[];
  /** Images by their names; what has another name and the first bytes of an image. */
  readonly images: readonly string[];
  /** Everything else, with the reason. A folder that is left out stands for all in it. */
  readonly leftOut: readonly Failure[];
}

/** Names that images have; those of formats that cannot be read are among them, so that they are not passed over. */
const IMAGE = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|hei[cf]|svgz?|bmp|p[bgnp]m|jxl|jp2|ico)$/i;
/** Of whole volumes and file managers, not of anybody's images. */
const SYSTEM = [
  ...['__macosx', '@eadir', '$recycle.bin', 'system volume information', 'lost+found'],
  ...['thumbs.db', 'ehthumbs.db', 'desktop.ini', 'icon\r'],
];

const isSystem = (name: string): boolean => SYSTEM.includes(name.toLowerCase());

/** Whether the contents of a folder look at such a name: hidden files and those of file systems are not people's. */
export const isPlainName = (name: string): boolean => !name.startsWith('.') && !isSystem(name);

export const isImageName = (name: string): boolean => IMAGE.test(name);

export const HIDDEN = 'hidden: its name begins with a dot';
export const SYSTEM_FILE = 'a file of the system';
export const NOT_UTF8 = 'its name is not UTF-8; rename it (convmv -f latin1 -t utf8)';

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Of the file system's errors those that a user can do something about, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; check the path',
  EACCES: 'it may not be read; change its permissions (chmod u+r, and u+x for a folder)',
  EPERM: 'it may not be read; change its permissions (chmod u+r, and u+x for a folder)',
  ELOOP: 'it is a link that leads to itself; remove it',
  ENAMETOOLONG: 'its name is too long; shorten it',
  EIO: 'its disk reports an error; copy it from elsewhere',
  ESTALE: 'its network drive is gone; mount it again',
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

/** The first bytes of a file. */
export const headOf = async (path: string): Promise<Uint8Array> => {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A name from its bytes: undefined where they are not UTF-8, for no path with another name leads there. */
const decoded = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
};

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** An entry of a folder that is no folder and has no image's name: what to do with it. */
const judge = async (path: string, name: string): Promise<'image' | string> => {
  try {
    const kind = fileKind(await headOf(path), name);
    return 'format' in kind ? 'image' : `no image but ${kind.what}`;
  } catch (error) {
    return reasonOf(error);
  }
};

/** Names all that a folder holds, by what it is. Links are followed. Throws where the folder cannot be read. */
export const survey = async (path: string): Promise<Survey> => {
  const entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' }).catch((cause: unknown) => {
    throw new Error(`Cannot open data: ${printable(path)} cannot be read: ${reasonOf(cause)}`, { cause });
  });
  const folders: string[] = [];
  const images: string[] = [];
  const leftOut: Failure[] = [];
  for (const entry of entries) {
    const bytes = Buffer.from(entry.name);
    const name = decoded(bytes);
    const shown = name ?? bytes.toString('latin1');
    const file = join(path, shown);
    const leave = (reason: string): void => void leftOut.push({ file, reason });
    if (shown.startsWith('.')) leave(HIDDEN);
    else if (isSystem(shown)) leave(SYSTEM_FILE);
    else if (name === undefined) leave(NOT_UTF8);
    else {
      const found = entry.isSymbolicLink() ? await stat(file).catch(() => undefined) : entry;
      const special = found === undefined ? undefined : specialKind(found);
      if (found?.isDirectory()) folders.push(name);
      // Named like an image it is taken for one, so that whoever reads it says what is wrong.
      else if (IMAGE.test(name)) images.push(name);
      else if (found === undefined)
        leave(`a link to ${printable(await readlink(file).catch(() => '?'))}, which is not there`);
      else if (special !== undefined) leave(`${special}, not a file`);
      else {
        const judged = await judge(file, name);
        if (judged === 'image') images.push(name);
        else leave(judged);
      }
    }
  }
  return {
    path,
    folders: folders.sort(byName),
    images: images.sort(byName),
    leftOut: leftOut.sort((a, b) => byName(a.file, b.file)),
  };
};
