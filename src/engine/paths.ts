import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from './errors.js';

/** Environment variables, as `process.env` has them. */
export type Env = Readonly<Record<string, string | undefined>>;

/** For files that ship beside the code: the folder of our package.json, the same from sources and from the build. */
export const packageRoot = (): string => {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let dir = start; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
    if (dir === dirname(dir))
      throw new EngineError(`Cannot find tailnas: no package.json above ${start}; install the package again`);
  }
};

/** For the C++ sources of the addon. */
export const nativeDir = () => join(packageRoot(), 'native');

/** For what can be made again: `$TAILNAS_CACHE`, else `$XDG_CACHE_HOME/tailnas`, else `~/.cache/tailnas`. */
export const cacheDir = (env: Env): string => {
  if (env['TAILNAS_CACHE']) return resolve(env['TAILNAS_CACHE']);
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'tailnas');
};
