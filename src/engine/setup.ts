import { buildAddon } from './build.js';
import { work } from './child.js';
import { cacheError } from './errors.js';
import { fetchTorch } from './fetch.js';
import { loadFailure } from './load-failure.js';
import { locateTorch } from './locate.js';
import { cacheDir, type Env, nativeDir } from './paths.js';
import type { OnProgress } from './progress.js';
import { type Engine, writeEngine } from './record.js';

export interface SetupOptions {
  readonly env?: Env;
  readonly sourceDir?: string;
  readonly onProgress?: OnProgress;
}

/**
 * For making the engine ready, once: finds libtorch or fetches it, builds the addon unless it is built, and loads it in
 * a process of its own to see that it works. Quick when all is there. Throws an EngineError.
 */
export const setupEngine = async ({
  env = process.env,
  sourceDir = nativeDir(),
  onProgress = () => {},
}: SetupOptions = {}): Promise<Engine> => {
  onProgress({ text: 'looking for libtorch' });
  const torch = locateTorch({ env }).found ?? (await fetchTorch({ env, onProgress }));
  const addon = await buildAddon(torch, { sourceDir, env, onProgress });
  const engine = { addon, torch };
  onProgress({ text: 'checking the engine' });
  await checkLoads(engine, env);
  try {
    writeEngine(engine, { env, sourceDir });
  } catch (error) {
    throw cacheError(error, { action: 'Cannot set up the engine', folder: cacheDir(env) });
  }
  return engine;
};

const TRY_TO_LOAD =
  'try { process.dlopen({ exports: {} }, process.argv[1]) } ' +
  'catch (error) { console.log(error.message); process.exit(1) }';

/** A library may also end the process that loads it: hence another one. */
const checkLoads = async (engine: Engine, env: Env): Promise<void> => {
  const { output, failure } = await work(process.execPath, ['-e', TRY_TO_LOAD, engine.addon], { env });
  if (failure) throw loadFailure(output || failure, engine);
};
