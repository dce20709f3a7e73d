import { readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../label/index.js';
import { inArchive } from './archive-paths.js';
import { firstBytes, listFolder } from './file-bytes.js';
import { fileKind, HEAD_BYTES } from './image-kind.js';
import { type Failure, reasonOf, specialKind } from './reasons.js';

/** What one folder holds: every entry of it is in one of the lists. Names are sorted in an order no machine changes. */
export interface Survey {
  readonly path: string;
  /** Folders, links to folders among them. */
  readonly folders: readonly string[];
  /** Images by their names; what has another name and the first bytes of an image. */
  readonly images: readonly string[];
  /** Everything else, with the reason. A folder that is left out represents everything in it. */
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
    const kind = fileKind(await firstBytes(path, HEAD_BYTES), name);
    return 'format' in kind ? 'image' : `no image but ${kind.what}`;
  } catch (error) {
    return reasonOf(error);
  }
};

/** Names all that a folder holds, by what it is. Links are followed. Throws where the folder cannot be read. */
export const survey = async (path: string): Promise<Survey> => {
  const entries = await listFolder(path).catch((cause: unknown) => {
    throw new Error(`Cannot open data: ${printable(path)} cannot be read: ${reasonOf(cause)}`, { cause });
  });
  const folders: string[] = [];
  const images: string[] = [];
  const inside = inArchive(path);
  const leftOut: Failure[] = inside?.place === '' ? [...inside.archive.leftOut] : [];
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
