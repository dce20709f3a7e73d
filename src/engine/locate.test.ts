import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { torchStamp, torchVersion } from './libtorch.js';
import { locateTorch, managedTorchDir } from './locate.js';
import { libraryFile } from './platform.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tailnas-locate-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

const fakeTorch = (dir: string, version = '2.13.1') => {
  for (const name of ['c10', 'torch', 'torch_cpu']) write(join(dir, 'lib', libraryFile(name)), name);
  write(join(dir, 'include/ATen/ATen.h'), '');
  write(join(dir, 'version.py'), `from typing import Optional\n__version__ = '${version}+cpu'\ncuda = None\n`);
  return dir;
};

/** A machine whose only program is a python3 that prints `found` when asked for torch. */
const machine = (found?: string) => {
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  if (found !== undefined) {
    write(join(bin, 'python3'), `#!/bin/sh\necho '${found}'\n`);
    chmodSync(join(bin, 'python3'), 0o755);
  }
  return { PATH: bin, TAILNAS_CACHE: join(root, 'cache') };
};

describe('locateTorch', () => {
  it('prefers LIBTORCH to Python, and Python to the managed copy', () => {
    const env = machine(fakeTorch(join(root, 'site/torch')));
    fakeTorch(managedTorchDir(env), '2.13.0');
    const LIBTORCH = fakeTorch(join(root, 'own'), '2.13.2');
    expect(locateTorch({ env: { ...env, LIBTORCH } }).found).toEqual({
      dir: LIBTORCH,
      version: '2.13.2+cpu',
      origin: 'LIBTORCH',
    });
    expect(locateTorch({ env }).found?.origin).toBe('python');
    expect(locateTorch({ env: machine('') }).found?.origin).toBe('managed');
  });

  it('passes over a Python torch of another version and says so', () => {
    const site = fakeTorch(join(root, 'site/torch'), '2.12.1');
    const env = machine(site);
    const { found, tried } = locateTorch({ env });
    expect(found).toBeUndefined();
    expect(tried.map(({ where, result }) => `${where}: ${result}`)).toEqual([
      'LIBTORCH: not set',
      `torch of python3 in ${site}: is version 2.12.1+cpu, 2.13.x is needed`,
      `${managedTorchDir(env)}: has no lib/${libraryFile('c10')}`,
    ]);
    expect(locateTorch({ env: { ...env, TAILNAS_ANY_TORCH: '1' } }).found?.version).toBe('2.12.1+cpu');
  });

  it('does not take 2.130 for 2.13', () => {
    const LIBTORCH = fakeTorch(join(root, 'own'), '2.130.0');
    expect(() => locateTorch({ env: { ...machine(), LIBTORCH } })).toThrow(
      /is version 2\.130\.0\+cpu, 2\.13\.x is needed/,
    );
  });

  it('refuses a broken LIBTORCH even if another libtorch would do', () => {
    const env = { ...machine(fakeTorch(join(root, 'site/torch'))), LIBTORCH: fakeTorch(join(root, 'own')) };
    rmSync(join(env['LIBTORCH'], 'lib', libraryFile('torch_cpu')));
    expect(() => locateTorch({ env })).toThrow(
      `Cannot use LIBTORCH: ${env['LIBTORCH']} has no lib/${libraryFile('torch_cpu')}; set it to`,
    );
  });

  it('notes a missing and a failing Python, and asks the one that is chosen', () => {
    expect(locateTorch({ env: machine() }).tried[1]).toEqual({ where: 'python3', result: 'not found' });
    const other = join(root, 'other-python');
    write(other, '#!/bin/sh\necho "bad interpreter" >&2\nexit 3\n');
    chmodSync(other, 0o755);
    const env = { ...machine(''), TAILNAS_PYTHON: other };
    expect(locateTorch({ env }).tried[1]).toEqual({ where: other, result: 'bad interpreter' });
  });
});

describe('torchVersion', () => {
  it('reads a zip, a Python package and bare headers', () => {
    write(join(root, 'zip/build-version'), '2.13.0+cpu\n');
    write(
      join(root, 'bare/include/torch/headeronly/version.h'),
      '#define TORCH_VERSION_MINOR 13\n#define TORCH_VERSION \\\n  "2.13.0"\n',
    );
    expect(torchVersion(join(root, 'zip'))).toBe('2.13.0+cpu');
    expect(torchVersion(fakeTorch(join(root, 'package')))).toBe('2.13.1+cpu');
    expect(torchVersion(join(root, 'bare'))).toBe('2.13.0');
    expect(torchVersion(root)).toBeUndefined();
  });
});

describe('torchStamp', () => {
  it('changes with the library and is undefined without it', () => {
    const dir = fakeTorch(join(root, 'own'));
    const before = torchStamp(dir);
    write(join(dir, 'lib', libraryFile('torch_cpu')), 'a longer library');
    expect(torchStamp(dir)).not.toBe(before);
    expect(torchStamp(root)).toBeUndefined();
  });
});
