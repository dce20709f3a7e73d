import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddon } from '../src/engine/build.js';
import { ask } from '../src/engine/child.js';
import { fetchTorch } from '../src/engine/fetch.js';
import { TORCH_NEEDED } from '../src/engine/libtorch.js';
import { locateTorch } from '../src/engine/locate.js';
import { nativeDir, packageRoot } from '../src/engine/paths.js';
import { ADDON, type Prebuilt, prebuiltPackage } from '../src/engine/prebuilt.js';
import { progressPrinter } from '../src/engine/progress.js';
import { readSources } from '../src/engine/sources.js';
import { atLeast } from '../src/engine/wheel-choice.js';

// `npm run pack:engine [folder]`: makes the package of a prebuilt engine for this platform, to `npm pack` and install or to
// publish: docs/install.md. On Linux it refuses an addon that needs a newer system than libtorch's own wheel does.

/** The newest versions of symbols that systems of manylinux_2_28 have, the floor of libtorch's wheels. */
const FLOOR: Readonly<Record<string, string>> = { GLIBC: '2.28', GLIBCXX: '3.4.25', CXXABI: '1.3.11' };

/** The newest version of each library's symbols that an addon needs, from `objdump -T`. */
const needs = (addon: string): Record<string, string> => {
  const { output, failure } = ask('objdump', ['-T', addon], { env: process.env });
  if (failure) throw new Error(`Cannot check ${addon}: objdump ${failure}; install binutils`);
  const newest: Record<string, string> = {};
  for (const [, library = '', version = ''] of output.matchAll(/\b(GLIBC|GLIBCXX|CXXABI)_(\d[\d.]*)/g))
    if (atLeast(version, newest[library] ?? '0')) newest[library] = version;
  return newest;
};

const requireOldEnough = (found: Readonly<Record<string, string>>): void => {
  for (const [library, floor] of Object.entries(FLOOR)) {
    const version = found[library];
    if (version !== undefined && !atLeast(floor, version))
      throw new Error(
        `Cannot pack the engine: the addon must need ${library} ${floor} at most, it needs ${version}; ` +
          'build it on an older system, such as the container manylinux_2_28',
      );
  }
};

const { update, end } = progressPrinter(process.stderr);
const root = packageRoot();
const out = process.argv[2] ?? join(root, 'build', prebuiltPackage.replace('@tailnas/', ''));
const torch = locateTorch().found ?? (await fetchTorch({ env: process.env, onProgress: update }));
const addon = await buildAddon(torch, { onProgress: update });
end();
const linux = process.platform === 'linux';
const found = linux ? needs(addon) : {};
requireOldEnough(found);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
cpSync(addon, join(out, ADDON));
cpSync(join(root, 'LICENSE'), join(out, 'LICENSE'));
const record: Prebuilt = {
  torch: TORCH_NEEDED,
  sources: readSources(nativeDir()).hash,
  sha256: createHash('sha256').update(readFileSync(addon)).digest('hex'),
  ...(found['GLIBC'] && { glibc: found['GLIBC'] }),
};
const json = (name: string, value: unknown): void =>
  writeFileSync(join(out, name), `${JSON.stringify(value, null, 2)}\n`);
json('engine.json', record);
const { version, license, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
json('package.json', {
  ...{ name: prebuiltPackage, version, license, repository },
  description: `The engine of tailnas, built for ${process.platform} ${process.arch} and libtorch ${TORCH_NEEDED}.`,
  ...{ os: [process.platform], cpu: [process.arch], ...(linux && { libc: ['glibc'] }) },
  ...{
    exports: { './engine.json': './engine.json', './package.json': './package.json' },
    files: [ADDON, 'engine.json'],
  },
});
process.stdout.write(`${out}: ${JSON.stringify({ ...record, needs: found })}\n`);
