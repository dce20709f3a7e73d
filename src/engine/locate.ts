import { join, resolve } from 'node:path';
import { ask } from './child.js';
import { EngineError } from './errors.js';
import { TORCH_NEEDED, TORCH_VERSION, type Torch, torchFault, torchVersion } from './libtorch.js';
import { cacheDir, type Env } from './paths.js';

/** What was looked at and what came of it, in order. */
export interface Tried {
  readonly where: string;
  readonly result: string;
}

export interface Located {
  readonly found?: Torch;
  readonly tried: readonly Tried[];
}

/** For the Python that is asked for torch and for pip: `$TAILNAS_PYTHON`, else python3. */
export const pythonCommand = (env: Env) => env['TAILNAS_PYTHON'] || 'python3';

/** For our own copy: the folder of a wheel's `torch/`, with `torch.libs/` beside it, where libraries look. */
export const managedTorchDir = (env: Env) => join(cacheDir(env), `libtorch-${TORCH_VERSION}`, 'torch');

// Importing torch takes seconds; finding it does not. The empty entry of the path is the current folder, which must not
// matter.
const FIND_TORCH = [
  'import sys, importlib.util as util',
  'sys.path = [p for p in sys.path if p]',
  'spec = util.find_spec("torch")',
  'print((spec and spec.submodule_search_locations or [""])[0])',
].join('\n');

const usable = (dir: string, { origin, env }: { origin: Torch['origin']; env: Env }): Located => {
  const fault = torchFault(dir, env);
  if (fault) return { tried: [{ where: dir, result: fault }] };
  const version = torchVersion(dir) ?? 'unknown';
  return { found: { dir, version, origin }, tried: [{ where: dir, result: `libtorch ${version}` }] };
};

const fromPython = (env: Env): Located => {
  const python = pythonCommand(env);
  const { output, failure } = ask(python, ['-c', FIND_TORCH], { env });
  const dir = output.trim();
  if (failure || !dir) return { tried: [{ where: python, result: failure ?? 'has no torch' }] };
  const { found, tried } = usable(dir, { origin: 'python', env });
  const named = tried.map(({ where, result }) => ({ where: `torch of ${python} in ${where}`, result }));
  return found ? { found, tried: named } : { tried: named };
};

/**
 * For finding a libtorch without fetching one: `$LIBTORCH`, then the user's Python torch, then the managed copy.
 * What is unusable is passed over and noted, save `$LIBTORCH`: who sets that means it, so it throws an EngineError.
 */
export const locateTorch = ({ env = process.env }: { env?: Env } = {}): Located => {
  if (env['LIBTORCH']) {
    const located = usable(resolve(env['LIBTORCH']), { origin: 'LIBTORCH', env });
    if (located.found) return located;
    const faults = located.tried.map(({ where, result }) => `${where} ${result}`).join(', ');
    throw new EngineError(
      `Cannot use LIBTORCH: ${faults}; set it to a libtorch ${TORCH_NEEDED} folder with lib/ and include/, ` +
        'or unset it (TAILNAS_ANY_TORCH=1 lets any version through)',
    );
  }
  const tried: Tried[] = [{ where: 'LIBTORCH', result: 'not set' }];
  for (const look of [fromPython, () => usable(managedTorchDir(env), { origin: 'managed', env })]) {
    const located = look(env);
    tried.push(...located.tried);
    if (located.found) return { found: located.found, tried };
  }
  return { tried };
};
