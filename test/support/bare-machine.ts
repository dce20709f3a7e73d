import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { strToU8 } from 'fflate';
import { libraryFile } from '../../src/engine/platform.js';
import { wheelOf } from './wheel.js';

// A machine for tests of the set-up, in a folder of its own: what programs it has, a test says.

let root = '';
/** Before each test: a machine with nothing on it. */
export const beginMachine = (): void => {
  root = mkdtempSync(join(tmpdir(), 'tailnas-setup-'));
};
export const endMachine = (): void => rmSync(root, { recursive: true });

export const at = (...parts: string[]) => join(root, ...parts);

export const write = (path: string, content: string | Uint8Array) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};

/** Installs a shell script as a program. It may use only what the shell itself has. */
export const program = (name: string, script: string) =>
  chmodSync(write(at('bin', name), `#!/bin/sh\n${script}\n`), 0o755);

/** A machine with only the programs that a test installs, which has libtorch from pip alone. */
export const bare = () => ({
  ...{ PATH: at('bin'), HOME: at('home'), TAILNAS_CACHE: at('cache'), TAILNAS_TORCH_INDEX: 'default' },
  ...{ PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: '1' },
});

/** A python3 with pip but without torch; `pip` runs for `pip download`, with the folder for the wheel in $dest. */
export const installPython = (pip: string) => {
  program(
    'python3',
    `echo "$*" >> '${at('python.log')}'
case "$*" in *find_spec*) exit 0;; esac
while [ $# -gt 0 ]; do [ "$1" = --dest ] && dest=$2; shift; done
${pip}`,
  );
};

export const writeWheel = ({ library = strToU8('library'), cuda = 'None' } = {}) => {
  const libraries = ['c10', 'torch', 'torch_cpu'].map((name) => [`torch/lib/${libraryFile(name)}`, library]);
  const text = {
    'torch/include/ATen/ATen.h': '#define MARK 42\n',
    'torch/version.py': `__version__ = '2.13.0'\ncuda = ${cuda}\n`,
  };
  const texts = Object.entries(text).map(([name, content]) => [name, strToU8(content)]);
  return write(at('torch-2.13.0.whl'), wheelOf(Object.fromEntries([...libraries, ...texts])));
};

/** Copies with the shell alone would mangle bytes; on a bare machine the full path is the way to `cp`. */
export const deliver = (wheel: string) => `/bin/mkdir -p "$dest" && /bin/cp '${wheel}' "$dest/"`;

/** A g++ that makes an empty file for anything it is asked to build, and says so in a log. */
export const FAKE_GXX = () => `echo "$*" >> '${at('g++.log')}'
while [ $# -gt 0 ]; do [ "$1" = -o ] && : > "$2"; shift; done`;

export const writeSources = () => {
  write(at('native', 'kernels', 'sum.cc'), 'int answer() { return 40; }\nconst char* where() { return __FILE__; }\n');
  write(
    at('native', 'module.cc'),
    `#include <ATen/ATen.h>
#include <node_api.h>
int answer();
extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value) {
  napi_value value;
  napi_create_int32(env, answer() + MARK - 40, &value);
  return value;
};
`,
  );
  return at('native');
};

export const realCompiler = spawnSync('g++', ['--version']).status === 0;

/** The fake Python before the real programs, and a libtorch whose libraries are real but empty. */
export const machine = () => {
  const empty = write(at('empty.cc'), '');
  const built = at(libraryFile('empty'));
  if (spawnSync('g++', ['-shared', '-fPIC', '-o', built, empty]).status !== 0) throw new Error('g++ failed');
  installPython(deliver(writeWheel({ library: readFileSync(built) })));
  return { ...bare(), PATH: `${at('bin')}:${process.env['PATH'] ?? ''}` };
};
