/** `npm run site`: builds the documentation into build/site, whose packages it installs once. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { build, run, tool } from './build.js';
import { readPages } from './prepare.js';

const site = import.meta.dirname;
const root = resolve(site, '..');

try {
  // Without scripts: the one there is only replaces a small program by a faster one.
  if (!existsSync(tool('vitepress')))
    run('installing the packages of site/', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], site);
  run('compiling', 'npx', ['tsc', '-p', 'tsconfig.build.json'], root);
  await build(readPages());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
