import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Page, typeErrors } from './examples.js';
import { prepare } from './prepare.js';

const site = import.meta.dirname;
const say = (what: string): void => void process.stderr.write(`${what}\n`);

/** Runs a program in `cwd`, with its output in ours. Throws when it fails. */
export const run = (what: string, command: string, args: readonly string[], cwd: string): void => {
  say(`${what} …`);
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error(`Cannot build the site: ${what} failed${error ? ` (${error.message})` : ''}`);
};

/** A program of the site's own packages. */
export const tool = (name: string): string => join(site, 'node_modules', '.bin', name);

/**
 * Builds build/site of these pages, the commands and the API; the package must be built. Throws when an example has a
 * type error, and when a page links to none; then what was built before is left as it is.
 */
export const build = async (pages: readonly Page[]): Promise<void> => {
  say('checking the examples …');
  const errors = typeErrors(pages);
  if (errors.length > 0) throw new Error(`Cannot build the site: examples have type errors\n${errors.join('\n')}`);
  for (const link of await prepare(pages)) say(`nothing is there: ${link}`);
  run('describing the API', tool('typedoc'), [], site);
  run('building', tool('vitepress'), ['build', '.'], site);
};
