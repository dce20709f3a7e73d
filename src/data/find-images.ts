import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { inArchive, openArchive } from './archive-paths.js';
import { isImageName, isPlainName } from './entries.js';
import { firstBytes, listFolder } from './file-bytes.js';
import { fileKind, HEAD_BYTES } from './image-kind.js';
import { codeOf, type Failure, FileProblem, NOT_THERE, reasonOf } from './reasons.js';

/** What paths lead to. */
export interface FoundImages {
  /** Each file once, in the order in which it was named or found. */
  readonly files: readonly string[];
  readonly failures: readonly Failure[];
  /** Files in folders that are no images by their names. */
  readonly leftOut: readonly string[];
}

/** All files below a folder, folder by folder, in an order that no machine changes. Links are followed, once. */
async function* filesBelow(folder: string, seen: Set<string>): AsyncGenerator<string> {
  const place = inArchive(folder) === undefined ? await realpath(folder) : resolve(folder);
  if (seen.has(place)) return;
  seen.add(place);
  const entries = (await listFolder(folder)).filter(({ name }) => isPlainName(name.toString()));
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name.toString());
    const found = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    (found?.isDirectory() ? folders : files).push(path);
  }
  yield* files.sort();
  for (const inner of folders.sort()) yield* filesBelow(inner, seen);
}

/** Whether a file of another name has the first bytes of an image. */
const looksLikeImage = async (file: string): Promise<boolean> => {
  try {
    const isFile = inArchive(file) !== undefined || (await stat(file)).isFile();
    return isFile && 'format' in fileKind(await firstBytes(file, HEAD_BYTES));
  } catch {
    return false;
  }
};

/** The images below a folder, by their names, or by their first bytes. */
export const imagesBelow = async (folder: string): Promise<{ files: string[]; leftOut: string[] }> => {
  const files: string[] = [];
  const leftOut: string[] = [];
  for await (const file of filesBelow(folder, new Set()))
    (isImageName(file) || (await looksLikeImage(file)) ? files : leftOut).push(file);
  return { files, leftOut };
};

/** The files that a pattern stands for, in order. A folder that is also reached through links counts once. */
const matching = async (pattern: string): Promise<string[]> => {
  const found = await glob([pattern], { absolute: isAbsolute(pattern), expandDirectories: false });
  const places = new Map<string, string>(); // the real place of each folder
  const files = new Map<string, string>();
  for (const file of found.sort((a, b) => a.length - b.length)) {
    const folder = dirname(file);
    const place = places.get(folder) ?? (await realpath(folder));
    places.set(folder, place);
    const own = join(place, basename(file));
    if (!files.has(own)) files.set(own, file);
  }
  return [...files.values()].sort();
};

const emptyFolder = (folder: string, others: readonly string[]): string => {
  const [first] = others;
  const what = inArchive(folder) === undefined ? 'the folder' : 'the archive';
  if (first === undefined) return `${what} has no images; give one that has`;
  const count = others.length === 1 ? '1 file' : `${others.length} files`;
  const has = `${what} has no images, but ${count} of other names, such as ${basename(first)}`;
  if (inArchive(folder) !== undefined) return `${has}; give an archive that has some`;
  return `${has}; where they are images, give them by a pattern: '${join(folder, '*')}'`;
};

/** What a path is; an archive is a folder, and a file in one is what it is. Throws where nothing is there. */
const kindAt = async (path: string): Promise<'file' | 'folder' | 'pattern'> => {
  const found = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' && isDynamicPattern(path)) return undefined;
    if (codeOf(error) === 'ENOTDIR') return 'inside' as const;
    throw error;
  });
  if (found === undefined) return 'pattern';
  if (found !== 'inside' && !found.isFile()) return found.isDirectory() ? 'folder' : 'file';
  const archive = await openArchive(path);
  if (archive === undefined && found === 'inside') throw new FileProblem(NOT_THERE);
  if (archive === undefined) return 'file';
  return archive.files.has(inArchive(path)?.place ?? '') ? 'file' : 'folder';
};

/**
 * Finds the images that paths lead to: a file is itself, whatever its name; a folder or an archive stands for the
 * images below it, by their names; anything else may be a pattern such as `photos/*.jpg`. A path that leads to nothing
 * is a failure that says so, and the rest is still found.
 */
export const findImages = async (paths: readonly string[]): Promise<FoundImages> => {
  const files = new Map<string, string>(); // by their place: a file that is named twice is one
  const failures: Failure[] = [];
  const leftOut: string[] = [];
  const add = (file: string): void => {
    const place = resolve(file);
    if (!files.has(place)) files.set(place, file);
  };
  for (const path of paths) {
    try {
      const entry = await kindAt(path);
      if (entry === 'pattern') {
        const found = await matching(path);
        for (const file of found) add(file);
        if (found.length === 0) failures.push({ file: path, reason: 'no file matches the pattern; check it' });
      } else if (entry === 'folder') {
        const below = await imagesBelow(path);
        for (const file of below.files) add(file);
        leftOut.push(...below.leftOut);
        if (below.files.length === 0) failures.push({ file: path, reason: emptyFolder(path, below.leftOut) });
      } else add(path);
    } catch (error) {
      failures.push({ file: path, reason: reasonOf(error) });
    }
  }
  return { files: [...files.values()], failures, leftOut };
};
