import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { EngineError, firstLine } from './errors.js';
import { loadFailure } from './load-failure.js';
import { nativeDir } from './paths.js';
import { type Engine, type RecordOptions, readEngine } from './record.js';

/**
 * For the one place that talks to C++: the exports of the native addon, built first if they have not been. Takes
 * milliseconds besides the loading of libtorch when all is ready; the current folder does not matter. Throws an
 * EngineError.
 */
export const loadAddon = ({ env = process.env, sourceDir = nativeDir() }: Partial<RecordOptions> = {}): unknown => {
  const engine = readEngine({ env, sourceDir }) ?? setupInChild({ env, sourceDir });
  // OpenMP's threads spin while they wait for one another, by default for so long that anything else running on the
  // machine makes some steps a hundred times slower; not spinning at all doubles every step. Briefly costs 6 % of an
  // idle machine (figures in LOG.md). It must be said before they are loaded.
  process.env['GOMP_SPINCOUNT'] ??= '1000';
  try {
    return createRequire(import.meta.url)(engine.addon);
  } catch (error) {
    throw loadFailure(firstLine(error), engine);
  }
};

/** The set-up is asynchronous and an import is not: a child does it, and shows its progress on stderr. */
const setupInChild = ({ env, sourceDir }: RecordOptions): Engine => {
  const program = fileURLToPath(new URL('./setup-main.js', import.meta.url));
  if (!existsSync(program))
    throw new EngineError(
      'Cannot load the engine: it is not built for these sources and settings, ' +
        'and TypeScript sources cannot build it; run `npm run setup`',
    );
  const { status, signal } = spawnSync(process.execPath, [program, sourceDir], {
    env: { ...env },
    stdio: ['ignore', 2, 2],
  });
  const engine = status === 0 ? readEngine({ env, sourceDir }) : undefined;
  if (engine) return engine;
  throw new EngineError(
    `Cannot load the engine: its set-up ended with ${signal ?? status}, ` +
      'its own message is above; `tailnas doctor` shows what was found',
  );
};
