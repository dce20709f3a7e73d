import { buildAddon } from './build.js';
import { work } from './child.js';
import { cacheError, EngineError, firstLine } from './errors.js';
import { fetchTorch } from './fetch.js';
import type { Torch } from './libtorch.js';
import { loadFailure } from './load-failure.js';
import { locateTorch } from './locate.js';
import { cacheDir, type Env, nativeDir } from './paths.js';
import { placePrebuilt, prebuiltDir } from './prebuilt.js';
import type { OnProgress } from './progress.js';
import { type Engine, writeEngine } from './record.js';

export interface SetupOptions {
  readonly env?: Env;
  readonly sourceDir?: string;
  readonly onProgress?: OnProgress;
  /** The folder of a package with a prebuilt addon; unless given, the one that is installed. */
  readonly prebuilt?: string | undefined;
}

/**
 * For making the engine ready, once: finds libtorch or fetches it, takes the prebuilt addon or builds one, and loads it
 * in a process of its own to see that it works. Quick when all is there. Throws an EngineError.
 */
export const setupEngine = async ({
  env = process.env,
  sourceDir = nativeDir(),
  onProgress = () => {},
  prebuilt = prebuiltDir(),
}: SetupOptions = {}): Promise<Engine> => {
  onProgress({ text: 'looking for libtorch' });
  const torch = locateTorch({ env }).found ?? (await fetchTorch({ env, onProgress }));
  const placed = await usablePrebuilt(torch, { env, sourceDir, onProgress, prebuilt });
  const engine = 'addon' in placed ? placed : await built(torch, { sourceDir, env, onProgress, reason: placed.reason });
  try {
    writeEngine(engine, { env, sourceDir });
  } catch (error) {
    throw cacheError(error, { action: 'Cannot set up the engine', folder: cacheDir(env) });
  }
  return engine;
};

type Ready = Required<Omit<SetupOptions, 'prebuilt'>>;

const usablePrebuilt = async (
  torch: Torch,
  { env, sourceDir, onProgress, prebuilt: from }: Ready & Pick<SetupOptions, 'prebuilt'>,
): Promise<Engine | { reason: string }> => {
  const placed = await placePrebuilt(torch, { env, sourceDir, from });
  if ('reason' in placed) return placed;
  const engine = { ...placed, torch };
  onProgress({ text: 'checking the engine' });
  try {
    await checkLoads(engine, env);
    return engine;
  } catch (error) {
    return { reason: `it does not load here: ${firstLine(error)}` };
  }
};

/** `reason` is why the prebuilt one was not used, for when none can be built either. */
const built = async (torch: Torch, { reason, ...options }: Ready & { reason: string }): Promise<Engine> => {
  const addon = await buildAddon(torch, options).catch((error: unknown) => {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(`${error.message}\n  no prebuilt engine was used: ${reason}`);
  });
  const engine = { addon, torch };
  options.onProgress({ text: 'checking the engine' });
  await checkLoads(engine, options.env);
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
