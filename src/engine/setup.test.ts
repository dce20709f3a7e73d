import { appendFileSync, chmodSync, cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  at,
  bare,
  beginMachine,
  deliver,
  endMachine,
  FAKE_GXX,
  installPython,
  machine,
  program,
  realCompiler,
  write,
  writeSources,
  writeWheel,
} from '../../test/support/bare-machine.js';
import { diagnose } from './doctor.js';
import { EngineError } from './errors.js';
import { loadAddon } from './load.js';
import { managedTorchDir } from './locate.js';
import { cacheDir } from './paths.js';
import { libraryFile } from './platform.js';
import { readEngine } from './record.js';
import { setupEngine } from './setup.js';

beforeEach(beginMachine);
afterEach(endMachine);

const pipCalls = () =>
  readFileSync(at('python.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('pip download'));

const failure = async (env: Record<string, string>): Promise<string> => {
  const error: unknown = await setupEngine({ env, sourceDir: writeSources() }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EngineError);
  expect(readdirSync(at('cache')).filter((name) => name.startsWith('tmp-'))).toEqual([]);
  return error instanceof Error ? error.message : '';
};

describe('fetching with pip', () => {
  it('says what to do without Python or pip', async () => {
    expect(await failure(bare())).toBe(
      'Cannot fetch libtorch: no torch 2.13.0 could be downloaded (pip: python3 was not found); check the network, ' +
        'set TAILNAS_TORCH_INDEX to an index that can be reached, or set LIBTORCH to a libtorch 2.13.x folder',
    );
    installPython('echo "/usr/bin/python3: No module named pip" >&2; exit 1');
    expect(await failure(bare())).toContain('(pip: python3 has no pip)');
  });

  it('is tried where no index can be read, with the index that is chosen and with its own', async () => {
    installPython('echo "WARNING: retrying"; echo "ERROR: No matching distribution" >&2; exit 1');
    const mirror = `file://${at('mirror')}`;
    const message = await failure({ ...bare(), TAILNAS_TORCH_INDEX: mirror });
    expect(message).toContain(`(${mirror}: ENOENT: no such file`);
    expect(message).toContain(`; pip from ${mirror}: ERROR: No matching distribution; pip: ERROR: No matching`);
    expect(pipCalls().map((line) => /--index-url (\S+)/.exec(line)?.[1])).toEqual([mirror, undefined]);
  });

  it('tells a full disk from an unreachable index', async () => {
    installPython('echo "ERROR: [Errno 28] No space left on device" >&2; exit 1');
    expect(await failure(bare())).toContain(`the disk of ${at('cache')} is full`);
  });

  it('refuses a wheel for CUDA and one that is cut off', async () => {
    installPython(deliver(writeWheel({ cuda: "'13.0'" })));
    expect(await failure(bare())).toContain('a wheel without CUDA is needed, this one is for CUDA 13.0');
    const whole = readFileSync(writeWheel());
    write(at('torch-2.13.0.whl'), whole.subarray(0, 300));
    expect(await failure(bare())).toContain('torch-2.13.0.whl is not a whole wheel');
  });
});

describe('building', () => {
  beforeEach(() => installPython(deliver(writeWheel())));

  it('says what to install without a compiler, and names a CXX that does not run', async () => {
    expect(await failure(bare())).toMatch(
      /a C\+\+20 compiler is needed \(g\+\+: not found, clang\+\+: not found\); install/,
    );
    expect(await failure({ ...bare(), CXX: 'nvcc -x' })).toContain('(nvcc -x: not found)');
  });

  it('quotes the compiler and keeps its whole log', async () => {
    program(
      'g++',
      'case "$*" in *--version*) exit 0;; esac; echo "In file included"; echo "sum.cc:1: error: no X" >&2; exit 1',
    );
    const message = await failure(bare());
    expect(message).toMatch(
      /g\+\+ failed on .*\.cc; the whole log is .*\.log\n {2}sum\.cc:1: error: no X\n {2}no prebuilt .*$/,
    );
    const log = /log is (\S+)/.exec(message)?.[1] ?? '';
    expect(readFileSync(log, 'utf8')).toContain('In file included');
  });

  it('replaces a broken managed copy, compiles each file once, and again after a change', async () => {
    write(join(managedTorchDir(bare()), 'version.py'), "__version__ = '2.13.0'\n");
    program('g++', FAKE_GXX());
    const compiled = () =>
      readFileSync(at('g++.log'), 'utf8')
        .split('\n')
        .filter((line) => line.includes(' -c ')).length;
    // An empty addon cannot be loaded, which the last step of a set-up notices.
    expect(await failure(bare())).toContain('Cannot load the engine: ');
    expect(compiled()).toBe(2);
    await failure(bare());
    expect(compiled()).toBe(2);
    program('clang++', FAKE_GXX());
    await failure({ ...bare(), CXX: 'clang++' });
    expect(compiled()).toBe(4);
    expect(pipCalls().length).toBe(1);
  });
});

describe.skipIf(!realCompiler)('a whole set-up with a real compiler', () => {
  it('fetches, builds, loads, and does it anew only when something changed', async () => {
    const env = machine();
    const sourceDir = writeSources();
    expect(() => loadAddon({ env, sourceDir })).toThrow(/is not built.*run `npm run setup`/);

    const texts: string[] = [];
    const options = { env, sourceDir, onProgress: ({ text }: { text: string }) => texts.push(text) };
    const engine = await setupEngine(options);
    expect(engine.torch).toEqual({ dir: managedTorchDir(env), version: '2.13.0', origin: 'managed' });
    expect([...new Set(texts)].slice(2)).toEqual([
      'unpacking libtorch',
      `compiling ${join('kernels', 'sum.cc')} (1 of 2)`,
      'compiling module.cc (2 of 2)',
      'linking the engine',
      'checking the engine',
    ]);
    expect(loadAddon({ env, sourceDir })).toBe(42);
    expect(diagnose({ env, sourceDir }).checks.find(({ name }) => name === 'engine')).toMatchObject({ ok: true });

    texts.length = 0;
    expect(await setupEngine(options)).toEqual(engine);
    expect(texts).toEqual(['looking for libtorch', 'checking the engine']);

    texts.length = 0;
    cpSync(sourceDir, at('clone', 'native'), { recursive: true });
    expect(await setupEngine({ ...options, sourceDir: at('clone', 'native') })).toEqual(engine);
    expect(texts).toEqual(['looking for libtorch', 'checking the engine']);
    expect(readFileSync(engine.addon).includes(sourceDir)).toBe(false);

    expect(readEngine({ env: { ...env, CXX: 'clang++' }, sourceDir })).toBeUndefined();
    const header = write(at('native', 'new.h'), '');
    expect(readEngine({ env, sourceDir })).toBeUndefined();
    rmSync(header);
    expect(readEngine({ env, sourceDir })).toEqual(engine);
    appendFileSync(join(engine.torch.dir, 'lib', libraryFile('torch_cpu')), 'upgraded in place');
    expect(readEngine({ env, sourceDir })).toBeUndefined();
  }, 30_000);

  it('serves two set-ups at once', async () => {
    const options = { env: machine(), sourceDir: writeSources() };
    const [first, second] = await Promise.all([setupEngine(options), setupEngine(options)]);
    expect(readEngine(options)?.torch).toEqual(first.torch);
    expect(second.torch).toEqual(first.torch);
    expect(loadAddon(options)).toBe(42);
  }, 30_000);

  it('neither loads nor finds ready an addon that was damaged since, and builds it again', async () => {
    const options = { env: machine(), sourceDir: writeSources() };
    const { addon } = await setupEngine(options);
    appendFileSync(addon, 'x');
    expect(readEngine(options)).toBeUndefined();
    expect((await setupEngine(options)).addon).toBe(addon);
    expect(loadAddon(options)).toBe(42);
  }, 30_000);

  it('refuses a cache in which other users can put what is loaded', async () => {
    const options = { env: machine(), sourceDir: writeSources() };
    await setupEngine(options);
    chmodSync(cacheDir(options.env), 0o777);
    expect(() => loadAddon(options)).toThrow(
      /^Cannot load the engine: .* can be written by every user, .*; say `chmod o-w .*`, or set TAILNAS_CACHE/,
    );
    chmodSync(cacheDir(options.env), 0o700);
    expect(loadAddon(options)).toBe(42);
  }, 30_000);
});
