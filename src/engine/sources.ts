import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from './errors.js';

/** For one short name out of several values: equal only if all of them are. 16 hex digits. */
export const shortHash = (parts: readonly (string | undefined)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);

/** The C++ of the addon: what to compile, relative to its folder, and a hash of all that is in it, headers included. */
export interface Sources {
  readonly files: readonly string[];
  readonly hash: string;
}

/** For building and for noticing changes. Throws an EngineError if there is nothing to compile. */
export const readSources = (sourceDir: string): Sources => {
  let names: string[];
  try {
    names = readdirSync(sourceDir, { recursive: true, encoding: 'utf8' });
  } catch {
    throw new EngineError(`Cannot build the engine: ${sourceDir} cannot be read; install the package again`);
  }
  const all = names.filter((name) => /\.(cc|h|inc)$/.test(name)).sort();
  const files = all.filter((name) => name.endsWith('.cc'));
  if (files.length === 0)
    throw new EngineError(`Cannot build the engine: ${sourceDir} holds no .cc file; install the package again`);
  return { files, hash: shortHash(all.flatMap((name) => [name, readFileSync(join(sourceDir, name), 'utf8')])) };
};
