import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { TORCH_VERSION, type Torch, torchStamp } from './libtorch.js';
import { cacheDir, type Env } from './paths.js';
import { isSound, requireOwnCache } from './sound.js';
import { readSources, shortHash } from './sources.js';

/** An engine that is ready to load: the outcome of a set-up. */
export interface Engine {
  readonly addon: string;
  readonly torch: Torch;
}

export interface RecordOptions {
  readonly env: Env;
  readonly sourceDir: string;
}

/** One file per combination of what a set-up depends on: two shells with other settings do not interfere. */
const recordPath = ({ env, sourceDir }: RecordOptions): string => {
  const settings = [
    env['LIBTORCH'] && resolve(env['LIBTORCH']),
    env['TAILNAS_PYTHON'],
    env['TAILNAS_ANY_TORCH'],
    env['CXX'],
  ];
  const machine = [process.platform, process.arch, TORCH_VERSION];
  return join(cacheDir(env), `engine-${shortHash([...settings, ...machine, readSources(sourceDir).hash])}.json`);
};

const isTorch = (value: unknown): value is Torch => {
  if (typeof value !== 'object' || value === null) return false;
  if (!('dir' in value && 'version' in value && 'origin' in value)) return false;
  const known = value.origin === 'LIBTORCH' || value.origin === 'python' || value.origin === 'managed';
  return known && typeof value.dir === 'string' && typeof value.version === 'string';
};

/**
 * For loading without a search: what the last set-up with the same settings and sources made. Undefined if there was
 * none, or its addon or its libtorch has gone or changed. Starts no process. Throws an EngineError where other users
 * can change the cache.
 */
export const readEngine = (options: RecordOptions): Engine | undefined => {
  requireOwnCache(options.env);
  const path = recordPath(options);
  if (!existsSync(path)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('addon' in value && 'torch' in value && 'stamp' in value)) return undefined;
  const { addon, torch, stamp } = value;
  if (typeof addon !== 'string' || !isTorch(torch) || stamp === undefined) return undefined;
  return stamp === torchStamp(torch.dir) && isSound(addon) ? { addon, torch } : undefined;
};

/** For the end of a set-up: makes `engine` the one that loads from now on. */
export const writeEngine = (engine: Engine, options: RecordOptions): void => {
  const path = recordPath(options);
  const beside = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(beside, `${JSON.stringify({ ...engine, stamp: torchStamp(engine.torch.dir) }, null, 2)}\n`);
  renameSync(beside, path);
};
