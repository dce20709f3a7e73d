import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Answer, work } from './child.js';
import { EngineError, firstLine } from './errors.js';
import { TORCH_NEEDED, TORCH_VERSION, type Torch, torchFault, torchVersion } from './libtorch.js';
import { managedTorchDir, pythonCommand } from './locate.js';
import { cacheDir, type Env } from './paths.js';
import type { OnProgress } from './progress.js';
import { inTemporary, publish } from './temporary.js';
import { unpackWheel } from './wheel.js';

const ACTION = 'Cannot fetch libtorch';
const INSTEAD = `set LIBTORCH to a libtorch ${TORCH_NEEDED} folder`;

/** Where the wheels without CUDA are; on x86-64 Linux the usual index has those for CUDA, three times as large. */
const CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

export interface FetchOptions {
  readonly env: Env;
  readonly onProgress: OnProgress;
}

/**
 * For a machine without libtorch: downloads the wheel of torch with pip into the cache folder and keeps its libraries
 * and headers. Safe if several processes do so at once. Throws an EngineError; nothing half done stays.
 */
export const fetchTorch = async ({ env, onProgress }: FetchOptions): Promise<Torch> => {
  const dir = managedTorchDir(env);
  return inTemporary(
    async (temporary) => {
      const wheel = await downloadWheel(temporary, { env, onProgress });
      const made = join(temporary, 'libtorch');
      await unpack(wheel, { made, onProgress });
      checkCopy(join(made, 'torch'), env);
      const complete = () => torchFault(dir, env) === undefined;
      await publish(made, { folder: dirname(dir), aside: join(temporary, 'broken'), complete });
      return { dir, version: torchVersion(dir) ?? TORCH_VERSION, origin: 'managed' };
    },
    { cache: cacheDir(env), action: ACTION },
  );
};

const unpack = async (wheel: string, { made, onProgress }: { made: string; onProgress: OnProgress }): Promise<void> => {
  const text = 'unpacking libtorch';
  try {
    await unpackWheel(wheel, { into: made, onPercent: (percent) => onProgress({ text, percent }) });
  } catch (error) {
    // A system error (a full disk) is not the wheel's fault.
    if (error instanceof Error && 'syscall' in error) throw error;
    throw new EngineError(`${ACTION}: ${basename(wheel)} is not a whole wheel (${firstLine(error)}); try again`);
  }
};

const downloadWheel = async (temporary: string, { env, onProgress }: FetchOptions): Promise<string> => {
  const wheels = join(temporary, 'wheels');
  const failures: string[] = [];
  for (const index of indexes(env)) {
    onProgress({ text: `downloading torch ${TORCH_VERSION} from ${index ?? "pip's own index"}` });
    const failure = await pip(wheels, { index, temporary, env, onProgress });
    const wheel = failure ? undefined : (await readdir(wheels)).find((name) => name.endsWith('.whl'));
    if (wheel) return join(wheels, wheel);
    failures.push(`${index ?? "pip's own index"}: ${failure ?? 'no wheel came'}`);
  }
  throw new EngineError(
    `${ACTION}: pip could not download torch ${TORCH_VERSION} (${failures.join('; ')}); check the network, ` +
      `set TAILNAS_TORCH_INDEX to an index that can be reached, or ${INSTEAD}`,
  );
};

/** `$TAILNAS_TORCH_INDEX` (`default`: pip's own alone), else PyTorch's own, then pip's own, undefined here. */
const indexes = (env: Env): (string | undefined)[] => {
  const chosen = env['TAILNAS_TORCH_INDEX'] || CPU_INDEX;
  return chosen === 'default' ? [undefined] : [chosen, undefined];
};

interface PipOptions extends FetchOptions {
  readonly index: string | undefined;
  readonly temporary: string;
}

/** Returns what went wrong, or undefined. */
const pip = async (wheels: string, { index, temporary, env, onProgress }: PipOptions): Promise<string | undefined> => {
  const python = pythonCommand(env);
  const args = [
    ...['-m', 'pip', 'download', `torch==${TORCH_VERSION}`, '--dest', wheels],
    ...['--no-deps', '--no-cache-dir', '--no-input', '--disable-pip-version-check'],
    // We take libraries and headers only, which are the same for every Python: name one that has wheels, whichever is
    // here.
    ...['--only-binary=:all:', '--implementation', 'cp', '--python-version', '3.11'],
    ...(index ? ['--index-url', index, '--retries', '1', '--timeout', '10'] : []),
  ];
  const answer = await work(python, args, {
    // The system's own temporary folder is often small.
    env: { ...env, TMPDIR: temporary },
    onLine: (line) => {
      if (/^\s*Downloading .*\.whl/.test(line)) onProgress({ text: line.trim().replace(/^D/, 'd') });
    },
  });
  return answer.failure && explainPip(answer, python);
};

const explainPip = ({ output, failure }: Answer, python: string): string | undefined => {
  if (failure === 'not found')
    throw new EngineError(`${ACTION}: ${python} was not found; install python3 and pip, or ${INSTEAD}`);
  if (/No module named '?pip/.test(output))
    throw new EngineError(`${ACTION}: ${python} has no pip; install it (\`apt install python3-pip\`), or ${INSTEAD}`);
  if (/No space left on device/.test(output)) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });
  return failure;
};

/** A CUDA build's libraries load only beside those of NVIDIA's packages, which are not in the wheel. */
const checkCopy = (dir: string, env: Env): void => {
  const fault = torchFault(dir, env);
  if (fault) throw new EngineError(`${ACTION}: the wheel that pip downloaded ${fault}; ${INSTEAD}`);
  const cuda = /^cuda\b.*=\s*'([^']+)'/m.exec(readFileSync(join(dir, 'version.py'), 'utf8'))?.[1];
  if (cuda)
    throw new EngineError(
      `${ACTION}: a wheel without CUDA is needed, pip found one for CUDA ${cuda}; ` +
        `set TAILNAS_TORCH_INDEX to a copy of ${CPU_INDEX}, or \`pip install torch==${TORCH_VERSION}\` ` +
        '(it brings CUDA along, and tailnas will find it)',
    );
};
