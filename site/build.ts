/**
 * Builds the documentation: `npm run site` writes build/site, `npm run site -- --dev` serves it while it is edited.
 * The pages are those of docs/, which are read on GitHub as they are.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkExamples, prepare, readPages } from './prepare.js';

const site = import.meta.dirname;
const root = resolve(site, '..');

const run = (what: string, command: string, args: readonly string[], cwd: string): void => {
  process.stderr.write(`${what} …\n`);
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error(`Cannot build the site: ${what} failed${error ? ` (${error.message})` : ''}`);
};
const tool = (name: string): string => join(site, 'node_modules', '.bin', name);

try {
  // Without scripts: the one there is only replaces a small program by a faster one.
  if (!existsSync(tool('vitepress')))
    run('installing the packages of site/', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], site);
  run('compiling', 'npx', ['tsc', '-p', 'tsconfig.build.json'], root);
  process.stderr.write('checking the examples …\n');
  const pages = readPages();
  checkExamples(pages);
  for (const link of await prepare(pages)) process.stderr.write(`nothing is there: ${link}\n`);
  run('describing the API', tool('typedoc'), [], site);
  run('VitePress', tool('vitepress'), [process.argv.includes('--dev') ? 'dev' : 'build', '.'], site);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
