import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** For what can be made again: `$TAILNAS_CACHE`, else `$XDG_CACHE_HOME/tailnas`, else `~/.cache/tailnas`. */
export const cacheDir = (): string =>
  resolve(process.env['TAILNAS_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tailnas'));
