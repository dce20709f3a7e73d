import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheError } from './errors.js';

const PREFIX = 'tmp-';
const DAY_MS = 86_400_000;

/**
 * For work that must leave nothing half done in the cache folder: `body` gets a folder of its own on the same disk,
 * removed at the end. What it throws becomes an EngineError that starts with `action`.
 */
export const inTemporary = async <T>(
  body: (folder: string) => Promise<T>,
  { cache, action }: { cache: string; action: string },
): Promise<T> => {
  let folder: string | undefined;
  try {
    await mkdir(cache, { recursive: true, mode: 0o700 });
    await removeAbandoned(cache);
    folder = await mkdtemp(join(cache, PREFIX));
    return await body(folder);
  } catch (error) {
    throw cacheError(error, { action, folder: cache });
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true });
  }
};

/** A killed set-up leaves up to several GB. A day is longer than any set-up that still runs. */
const removeAbandoned = async (cache: string): Promise<void> => {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(cache, name);
    // Another process may be removing it as well.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > DAY_MS) await rm(path, { recursive: true, force: true });
  }
};

/**
 * For making a finished folder visible at once. That another process was first is as good; a broken folder in its
 * place, which `complete` tells, is moved to `aside`.
 */
export const publish = async (
  made: string,
  { folder, aside, complete }: { folder: string; aside: string; complete: () => boolean },
): Promise<void> => {
  try {
    if (existsSync(folder) && !complete()) await rename(folder, aside);
    await rename(made, folder);
  } catch (error) {
    if (!complete()) throw error;
  }
};
