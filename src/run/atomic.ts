import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { attempt, ifPossible } from './file-error.js';

const TEMPORARY = '.tmp-';

/**
 * Replaces a file so that a reader, or the next start after a kill or a power cut, sees the old content or the new,
 * never a part. Content in several pieces is written in order, without joining them in memory. A link in its place is
 * replaced, not followed.
 */
export const writeAtomic = (file: string, content: string | Uint8Array | readonly Uint8Array[]): void => {
  const folder = dirname(file);
  const temporary = join(folder, `${TEMPORARY}${process.pid}-${basename(file)}`);
  attempt(`Cannot write ${file}`, () => {
    rmSync(temporary, { force: true, recursive: true }); // `wx` takes nothing that is there: it may be a link
    try {
      writeSynced(temporary, typeof content === 'string' || content instanceof Uint8Array ? [content] : content);
      renameSync(temporary, file);
    } catch (error) {
      ifPossible(() => rmSync(temporary, { force: true }));
      throw error;
    }
    syncFolder(folder);
  });
};

const writeSynced = (file: string, pieces: readonly (string | Uint8Array)[]): void => {
  const descriptor = openSync(file, 'wx');
  let closed = false;
  try {
    for (const piece of pieces) writeFileSync(descriptor, piece);
    fsyncSync(descriptor);
    closed = true;
    closeSync(descriptor); // network file systems tell of a full disk only here
  } finally {
    if (!closed) ifPossible(() => closeSync(descriptor));
  }
};

/** Makes new names in a folder survive a power cut: a name is safe only once its folder is synced. */
export const syncFolder = (folder: string): void => {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    ifPossible(() => closeSync(descriptor));
  }
};

/** Removes what killed writers left. Only for the holder of the folder's lock: a live writer's file looks alike. */
export const sweepTemporaries = (folder: string): void =>
  attempt(`Cannot clear up ${folder}`, () => {
    for (const name of readdirSync(folder)) {
      if (isTemporary(name)) rmSync(join(folder, name), { force: true, recursive: true });
    }
  });

/** Tells the files of `writeAtomic` in progress from content. */
export const isTemporary = (name: string): boolean => name.startsWith(TEMPORARY);
