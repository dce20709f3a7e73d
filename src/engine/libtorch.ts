import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from './paths.js';
import { libraryFile } from './platform.js';

/** The libtorch that the managed copy holds. Any patch release of the same minor version will do. */
export const TORCH_VERSION = '2.13.0';

/** For messages: the versions that are accepted. */
export const TORCH_NEEDED = TORCH_VERSION.replace(/\d+$/, 'x');

/** A libtorch that can be used, and who put it there. */
export interface Torch {
  readonly dir: string;
  readonly version: string;
  readonly origin: 'LIBTORCH' | 'python' | 'managed';
}

/** Where a version is written: the libtorch zip, the Python package, and the headers of both. */
const VERSION_PLACES: readonly { file: string; pattern: RegExp }[] = [
  { file: 'build-version', pattern: /^(\S+)/ },
  { file: 'version.py', pattern: /^__version__\s*=\s*['"]([^'"]+)/m },
  { file: 'include/torch/headeronly/version.h', pattern: /define TORCH_VERSION\s[^"]*"([^"]+)"/ },
];

/** For the version of the libtorch in `dir`, as written there: `2.13.0+cpu`. Undefined if it is written nowhere. */
export const torchVersion = (dir: string): string | undefined => {
  for (const { file, pattern } of VERSION_PLACES) {
    const path = join(dir, file);
    const version = existsSync(path) ? pattern.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
    if (version) return version;
  }
  return undefined;
};

/** For what makes `dir` unusable, as a phrase that follows "it": undefined when it can be used. */
export const torchFault = (dir: string, env: Env): string | undefined => {
  const needed = [...['c10', 'torch', 'torch_cpu'].map((name) => `lib/${libraryFile(name)}`), 'include/ATen/ATen.h'];
  const missing = needed.find((file) => !existsSync(join(dir, file)));
  if (missing) return `has no ${missing}`;
  if (env['TAILNAS_ANY_TORCH'] === '1') return undefined;
  const version = torchVersion(dir);
  if (version === undefined) return `does not say its version, ${TORCH_NEEDED} is needed`;
  const accepted = version.startsWith(TORCH_NEEDED.slice(0, -1));
  return accepted ? undefined : `is version ${version}, ${TORCH_NEEDED} is needed`;
};

/** For noticing that a libtorch was replaced in place: size and time of its main library. Undefined if that is gone. */
export const torchStamp = (dir: string): string | undefined => {
  const stat = statSync(join(dir, 'lib', libraryFile('torch_cpu')), { throwIfNoEntry: false });
  return stat && `${stat.size} ${Math.floor(stat.mtimeMs)}`;
};
