import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { EngineError } from './errors.js';
import { cacheDir, type Env } from './paths.js';

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const besides = (addon: string): string => `${addon}.sha256`;

/** Puts what a file holds on the disk, so that a machine that stops leaves no empty file under its name. */
export const synced = (file: string): void => {
  const handle = openSync(file, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/** Writes the hash of a new addon beside it: `isSound` holds it against that for ever after. */
export const sealAddon = (addon: string): void => {
  synced(addon);
  writeFileSync(besides(addon), `${hashOf(addon)}\n`);
  synced(besides(addon));
};

/** Whether an addon is what was built: a damaged one would end the process that loads it. */
export const isSound = (addon: string): boolean =>
  existsSync(addon) && existsSync(besides(addon)) && readFileSync(besides(addon), 'utf8').trim() === hashOf(addon);

/** What is loaded runs as the user: throws an EngineError where other users can change the cache folder. */
export const requireOwnCache = (env: Env): void => {
  const folder = cacheDir(env);
  if (process.getuid === undefined || !existsSync(folder)) return;
  const { mode, uid } = statSync(folder);
  const refuse = (rule: string, remedy: string): never => {
    throw new EngineError(
      `Cannot load the engine: ${folder} ${rule}; ${remedy}, or set TAILNAS_CACHE to another folder`,
    );
  };
  if (mode & 0o002)
    refuse('can be written by every user, who could put a program there', `say \`chmod o-w ${folder}\``);
  if (uid !== 0 && uid !== process.getuid()) refuse(`belongs to another user (${uid})`, 'make a folder of your own');
};
