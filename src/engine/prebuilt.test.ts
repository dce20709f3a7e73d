import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  at,
  bare,
  beginMachine,
  endMachine,
  machine,
  realCompiler,
  write,
  writeSources,
} from '../../test/support/bare-machine.js';
import { loadAddon } from './load.js';
import type { Prebuilt } from './prebuilt.js';
import { readEngine } from './record.js';
import { setupEngine } from './setup.js';
import { readSources } from './sources.js';

beforeEach(beginMachine);
afterEach(endMachine);

/** A package of an engine as `npm run pack:engine` makes it. */
const packed = (addon: string, sourceDir: string, other: Partial<Prebuilt> = {}) => {
  const sha256 = createHash('sha256').update(readFileSync(addon)).digest('hex');
  const record: Prebuilt = { torch: '2.13.x', sources: readSources(sourceDir).hash, sha256, ...other };
  cpSync(addon, at('package', 'tailnas.node'));
  write(at('package', 'engine.json'), JSON.stringify(record));
  return at('package');
};

describe.skipIf(!realCompiler)('a prebuilt engine', () => {
  it('is taken where there is neither a compiler nor Python, and checks it', async () => {
    const first = { env: machine(), sourceDir: writeSources() };
    const engine = await setupEngine(first);
    rmSync(at('bin'), { recursive: true });
    const prebuilt = packed(engine.addon, first.sourceDir);
    const env = { ...bare(), TAILNAS_CACHE: at('cache2'), LIBTORCH: engine.torch.dir };
    const options = { env, sourceDir: first.sourceDir, prebuilt };
    const placed = await setupEngine(options);
    expect(placed.addon.startsWith(at('cache2'))).toBe(true);
    expect(await setupEngine(options)).toEqual(placed);
    expect(loadAddon(options)).toBe(42);
    appendFileSync(placed.addon, 'x');
    expect(readEngine(options)).toBeUndefined();
    expect(await setupEngine(options)).toEqual(placed);

    appendFileSync(join(prebuilt, 'tailnas.node'), 'x');
    rmSync(at('cache2'), { recursive: true });
    await expect(setupEngine(options)).rejects.toThrow(/^Cannot use the prebuilt engine: .* must have SHA-256 .*, got/);
  }, 30_000);

  it('is passed over where it does not fit: one is built, or an error says why there is none', async () => {
    const first = { env: machine(), sourceDir: writeSources() };
    const { addon, torch } = await setupEngine(first);
    const env = { ...bare(), TAILNAS_CACHE: at('cache2'), LIBTORCH: torch.dir, PATH: at('none') };
    const reasonFor = async (other: Partial<Prebuilt>, broken = addon) => {
      const prebuilt = packed(broken, first.sourceDir, other);
      const error: unknown = await setupEngine({ ...first, env, prebuilt }).catch((reason: unknown) => reason);
      return error instanceof Error ? error.message.split('\n').at(-1) : '';
    };
    const not = '  no prebuilt engine was used: ';
    expect(await reasonFor({ sources: '0' })).toMatch(
      /engine was used: @tailnas.* was built from the sources of another/,
    );
    expect(await reasonFor({ torch: '2.12.x' })).toMatch(/ was built for libtorch 2\.12\.x, this is 2\.13\.0$/);
    expect(await reasonFor({ torch: '2.1.x' })).toMatch(/ was built for libtorch 2\.1\.x/);
    expect(await reasonFor({ glibc: '9.99' })).toMatch(/ needs glibc 9\.99, this is /);
    expect(await reasonFor({}, write(at('empty.node'), ''))).toContain(`${not}it does not load here: Cannot load`);
    const built = await setupEngine({ ...first, prebuilt: packed(addon, first.sourceDir, { sources: '0' }) });
    expect(built.addon).toBe(addon);
  }, 30_000);
});
