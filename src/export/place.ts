import { lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { syncFolder, writeAtomic } from '../run/atomic.js';

/** Content of a file. */
export type Content = string | Uint8Array | readonly Uint8Array[];

/** Throws when something is there already: an export never replaces a file. */
export const requireFree = (path: string): void => {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    // a link that leads nowhere is there too
    throw new Error(
      `Cannot export to ${path}: it must not exist yet, and it does; name another place, or remove it first`,
    );
};

/** Bytes of some content. */
export const sizeOf = (content: Content): number => {
  const pieces = typeof content === 'string' ? [Buffer.from(content)] : 'byteLength' in content ? [content] : content;
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
};

/** Writes a new file, complete or not at all, in a folder that is made where it is missing. */
export const placeFile = (file: string, content: Content): void => {
  requireFree(file);
  makeFolder(dirname(file));
  writeAtomic(file, content);
};

/** Writes a new folder of files, by their paths in it, complete or not at all. */
export const placeFolder = (folder: string, files: ReadonlyMap<string, Content>): void => {
  requireFree(folder);
  const parent = dirname(folder);
  makeFolder(parent);
  const temporary = join(parent, `.tmp-${process.pid}-${basename(folder)}`);
  try {
    rmSync(temporary, { recursive: true, force: true }); // it may be a link that somebody else has put there
    mkdirSync(temporary);
    for (const [name, content] of files) {
      const file = join(temporary, name);
      mkdirSync(dirname(file), { recursive: true });
      writeAtomic(file, content);
    }
    renameSync(temporary, folder);
    syncFolder(parent);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw new Error(`Cannot export to ${folder}: ${reason(error)}; check the folder, its rights and free space`);
  }
};

const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new Error(`Cannot export to ${folder}: the folder cannot be made (${reason(error)}); name another place`);
  }
};

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
