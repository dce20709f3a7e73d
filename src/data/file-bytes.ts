import { open, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { printable } from '../label/index.js';
import { inArchive } from './archive-paths.js';
import { codeOf, FileProblem, NOT_THERE, specialKind } from './reasons.js';

/** What a folder holds, of the disk or of an archive: what survey() asks of an entry. */
export interface Listed {
  readonly name: Buffer;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
  isCharacterDevice(): boolean;
  isBlockDevice(): boolean;
}

const no = (): boolean => false;
const plain = { isSymbolicLink: no, isFIFO: no, isSocket: no, isCharacterDevice: no, isBlockDevice: no };

/** The entries of a folder, of the disk or of an opened archive, in no order. */
export const listFolder = async (path: string): Promise<readonly Listed[]> => {
  const inside = inArchive(path);
  if (inside === undefined) return readdir(path, { withFileTypes: true, encoding: 'buffer' });
  const names = inside.archive.folders.get(inside.place);
  if (names === undefined) throw new FileProblem(NOT_THERE);
  return Array.from(names, ([name, folder]) => ({ ...plain, name: Buffer.from(name), isDirectory: () => folder }));
};

/** A file of an opened archive; undefined for a path on the disk. */
const stored = (path: string) => {
  const inside = inArchive(path);
  if (inside === undefined) return undefined;
  const { archive, place } = inside;
  const file = archive.files.get(place);
  if (file === undefined)
    throw new FileProblem(archive.folders.has(place) ? 'it is a folder, not an image' : NOT_THERE);
  return { archive, file };
};

/** How many bytes a file has. Throws a FileProblem on what is no file, which may have no end. */
export const fileSize = async (path: string): Promise<number> => {
  const inside = stored(path);
  if (inside !== undefined) return inside.file.size;
  const found = await stat(path).catch(async (error: unknown) => {
    const link = codeOf(error) === 'ENOENT' ? await readlink(path).catch(() => undefined) : undefined;
    if (link !== undefined) throw new FileProblem(`it is a link to ${printable(link)}, which is not there`);
    throw error;
  });
  if (found.isDirectory()) throw new FileProblem('it is a folder, not an image');
  const special = specialKind(found);
  if (special !== undefined) throw new FileProblem(`it is ${special}, not a file`);
  return found.size;
};

/** The first bytes of a file, of the disk or of an opened archive. */
export const firstBytes = async (path: string, n: number): Promise<Buffer> => {
  const inside = stored(path);
  if (inside !== undefined) return inside.archive.bytes(inside.file, n);
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(n), 0, n, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

/** All bytes of a file, of the disk or of an opened archive. */
export const allBytes = async (path: string): Promise<Buffer> => {
  const inside = stored(path);
  return inside === undefined ? readFile(path) : inside.archive.bytes(inside.file);
};
