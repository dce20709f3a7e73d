import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ask } from './child.js';
import { EngineError } from './errors.js';
import type { Env } from './paths.js';
import { openmpFlags } from './platform.js';

/** A C++ compiler that runs here. `args` come before all others: `CXX="ccache g++"` is a command with one. */
export interface Compiler {
  readonly command: string;
  readonly args: readonly string[];
  readonly version: string;
}

/** For compiling the addon: `$CXX`, else g++, else clang++. Throws an EngineError if none of them runs. */
export const findCompiler = (env: Env): Compiler => {
  const failures: string[] = [];
  for (const candidate of env['CXX'] ? [env['CXX']] : ['g++', 'clang++']) {
    const [command = '', ...args] = candidate.trim().split(/\s+/);
    const { output, failure } = ask(command, [...args, '--version'], { env });
    if (failure === undefined) return { command, args, version: output.split('\n')[0] ?? '' };
    failures.push(`${candidate}: ${failure}`);
  }
  throw new EngineError(
    `Cannot build the engine: a C++20 compiler is needed (${failures.join(', ')}); ` +
      'install one (`apt install g++`, `dnf install gcc-c++`, `xcode-select --install`), or set CXX to one',
  );
};

const require = createRequire(import.meta.url);

/** Where on this machine the C++ finds what it includes. */
export interface Includes {
  readonly torchDir: string;
  readonly sourceDir: string;
  /** Headers of Node-API, which come as an npm package, so that nothing is fetched. */
  readonly nodeApiDir: string;
}

export const nodeApiDir = (): string => join(dirname(require.resolve('node-api-headers')), 'include');

/** For telling engines apart: stands for the two folders of this checkout, so that clones can share one. */
export const anyCheckout = (): Omit<Includes, 'torchDir'> => ({
  sourceDir: SOURCES,
  nodeApiDir: `node-api-headers ${require('node-api-headers/package.json').version}`,
});

const SOURCES = 'native';

/** For every C++ file of the addon: -isystem silences libtorch's headers, and no path of this machine stays in it. */
export const compileFlags = ({ version }: Compiler, { torchDir, sourceDir, nodeApiDir }: Includes): string[] => [
  ...['-std=c++20', '-O3', '-fPIC', '-fvisibility=hidden', '-DNAPI_VERSION=8', '-D_GLIBCXX_USE_CXX11_ABI=1'],
  ...openmpFlags(version),
  ...[`-ffile-prefix-map=${sourceDir}=${SOURCES}`, `-ffile-prefix-map=${torchDir}=libtorch`],
  ...[`-I${sourceDir}`, `-I${nodeApiDir}`],
  ...['-isystem', join(torchDir, 'include')],
  ...['-isystem', join(torchDir, 'include', 'torch', 'csrc', 'api', 'include')],
];
