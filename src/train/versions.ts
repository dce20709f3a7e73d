import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { packageRoot } from '../engine/paths.js';
import { kernels, libtorch } from '../tensor/index.js';

/** Of this tool and of all that a run's numbers hang on to the last digit. */
export const versions = (): Record<string, string> => ({
  tailnas: JSON.parse(readFileSync(resolve(packageRoot(), 'package.json'), 'utf8')).version,
  libtorch: libtorch().version,
  node: process.version,
  kernels: kernels(),
});
