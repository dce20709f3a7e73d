import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const TEMPORARY = '.tmp-';

/**
 * Replaces a file so that a reader, or the next start after a kill or a power cut, sees the old content or the new,
 * never a part. Content in several pieces is written in order, without joining them in memory.
 */
export const writeAtomic = (file: string, content: string | Uint8Array | readonly Uint8Array[]): void => {
  const folder = dirname(file);
  const temporary = join(folder, `${TEMPORARY}${process.pid}-${basename(file)}`);
  try {
    const descriptor = openSync(temporary, 'w');
    try {
      const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
      for (const piece of pieces) writeFileSync(descriptor, piece);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
    syncFolder(folder);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new Error(`Cannot write ${file}: ${reason(error)}; check the folder, its rights and free space`);
  }
};

/** Makes new names in a folder survive a power cut: a name is safe only once its folder is synced. */
export const syncFolder = (folder: string): void => {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Removes what killed writers left. Only for the holder of the folder's lock: a live writer's file looks alike. */
export const sweepTemporaries = (folder: string): void => {
  for (const name of readdirSync(folder)) {
    if (isTemporary(name)) rmSync(join(folder, name), { force: true });
  }
};

/** Tells the files of `writeAtomic` in progress from content. */
export const isTemporary = (name: string): boolean => name.startsWith(TEMPORARY);

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
