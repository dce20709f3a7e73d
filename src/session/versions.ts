import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, hostname } from 'node:os';
import { resolve } from 'node:path';
import { packageRoot } from '../engine/paths.js';
import type { RunInfo } from '../run/index.js';
import { kernels, libtorch } from '../tensor/index.js';

/** The version of this tool. */
export const tailnasVersion = (): string =>
  String(JSON.parse(readFileSync(resolve(packageRoot(), 'package.json'), 'utf8')).version);

/** Versions of this tool and of everything that the last digits of a run depend on. */
export const versions = (): Record<string, string> => ({
  tailnas: tailnasVersion(),
  libtorch: libtorch().version,
  node: process.version,
  kernels: kernels(),
});

/** The machine that a run begins on. */
export const host = (): NonNullable<RunInfo['host']> => ({
  name: hostname(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
});
