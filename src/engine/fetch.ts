import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { downloadPart, networkReason } from './download.js';
import { EngineError, firstLine } from './errors.js';
import { type Link, readLinks, shownAddress } from './index-page.js';
import { TORCH_NEEDED, TORCH_VERSION, type Torch, torchFault, torchVersion } from './libtorch.js';
import { managedTorchDir } from './locate.js';
import { claimPart } from './part.js';
import { cacheDir, type Env } from './paths.js';
import { pipDownload } from './pip.js';
import { type Place, pipHasNoIndex, pipPlaces } from './pip-config.js';
import { type OnProgress, timeLeft } from './progress.js';
import { inTemporary, publish } from './temporary.js';
import { unpackWheel } from './wheel.js';
import { chooseWheel, thisMachine } from './wheel-choice.js';

const ACTION = 'Cannot fetch libtorch';
const INSTEAD = `set LIBTORCH to a libtorch ${TORCH_NEEDED} folder`;

/** Where the wheels without CUDA are; on x86-64 Linux the usual index has those for CUDA, three times as large. */
const CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

export interface FetchOptions {
  readonly env: Env;
  readonly onProgress: OnProgress;
}

/**
 * For a machine without libtorch: downloads the wheel of torch into the cache folder and keeps its libraries and
 * headers. Reads the index itself, so that no Python is needed; pip is the fallback. A download that was broken off is
 * continued. Safe if several processes do so at once. Throws an EngineError; nothing half done is used.
 */
export const fetchTorch = async ({ env, onProgress }: FetchOptions): Promise<Torch> => {
  const dir = managedTorchDir(env);
  return inTemporary(
    async (temporary) => {
      const wheel = await obtainWheel(temporary, { env, onProgress });
      const made = join(temporary, 'libtorch');
      await unpack(wheel.file, { made, onProgress });
      if (wheel.ours) await rm(wheel.file, { force: true });
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

/** `ours`: a download, which is no longer needed when it is unpacked. */
interface Wheel {
  readonly file: string;
  readonly ours: boolean;
}

const obtainWheel = async (temporary: string, { env, onProgress }: FetchOptions): Promise<Wheel> => {
  const failures: string[] = [];
  for (const place of places(env)) {
    try {
      const links = await readLinks(place, 'torch');
      const link = chooseWheel(links, thisMachine());
      if (link) return await download(link, { env, onProgress });
      failures.push(`${shownAddress(place.at)}: it has no torch ${TORCH_VERSION} without CUDA for this machine`);
    } catch (error) {
      if (error instanceof Error && 'syscall' in error && error.syscall === 'write') throw error;
      failures.push(`${shownAddress(place.at)}: ${networkReason(error)}`);
    }
  }
  for (const index of pipIndexes(env)) {
    onProgress({ text: `downloading torch ${TORCH_VERSION} with pip from ${index ?? 'its own index'}` });
    const answer = await pipDownload({ index, temporary, env, onProgress });
    if ('wheel' in answer) return { file: answer.wheel, ours: true };
    failures.push(`pip${index ? ` from ${shownAddress(index)}` : ''}: ${answer.failure}`);
    if (/was not found$|has no pip$/.test(answer.failure)) break;
  }
  throw new EngineError(
    `${ACTION}: no torch ${TORCH_VERSION} could be downloaded (${failures.join('; ')}); check the network, ` +
      `set TAILNAS_TORCH_INDEX to an index that can be reached, or ${INSTEAD}`,
  );
};

/**
 * `$TAILNAS_TORCH_INDEX` (`default`: what pip is configured with alone), else PyTorch's own unless pip is told to ask
 * no index; then pip's.
 */
const chosenIndex = (env: Env): string | undefined => {
  const chosen = env['TAILNAS_TORCH_INDEX'] || (pipHasNoIndex(env) ? 'default' : CPU_INDEX);
  return chosen === 'default' ? undefined : chosen;
};

const places = (env: Env): Place[] => {
  const first = chosenIndex(env);
  return [...(first ? [{ kind: 'index', at: first } as const] : []), ...pipPlaces(env)];
};

const pipIndexes = (env: Env): (string | undefined)[] => {
  const first = chosenIndex(env);
  return first ? [first, undefined] : [undefined];
};

/** A file of this machine is used where it lies; RECORD in it tells whether it is whole. */
const download = async (link: Link, { env, onProgress }: FetchOptions): Promise<Wheel> => {
  const { url, file, sha256, headers } = link;
  if (url.startsWith('file:')) return { file: fileURLToPath(url), ours: false };
  if (sha256 === undefined) throw new Error(`it gives no SHA-256 for ${file}`);
  const part = await claimPart(cacheDir(env), { digest: sha256, host: hostname() });
  const text = `downloading torch ${TORCH_VERSION} from ${new URL(url).host}`;
  const left = timeLeft();
  onProgress({ text });
  await downloadPart(url, part, {
    digest: { algorithm: 'sha256', hex: sha256 },
    headers,
    onBytes: (done, total) =>
      onProgress(total ? { text, percent: (100 * done) / total, ...left(done, total) } : { text }),
  });
  return { file: part, ours: true };
};

/** A CUDA build's libraries load only beside those of NVIDIA's packages, which are not in the wheel. */
const checkCopy = (dir: string, env: Env): void => {
  const fault = torchFault(dir, env);
  if (fault) throw new EngineError(`${ACTION}: the wheel that was downloaded ${fault}; ${INSTEAD}`);
  const cuda = /^cuda\b.*=\s*'([^']+)'/m.exec(readFileSync(join(dir, 'version.py'), 'utf8'))?.[1];
  if (cuda)
    throw new EngineError(
      `${ACTION}: a wheel without CUDA is needed, this one is for CUDA ${cuda}; ` +
        `set TAILNAS_TORCH_INDEX to a copy of ${CPU_INDEX}, or \`pip install torch==${TORCH_VERSION}\` ` +
        '(it brings CUDA along, and tailnas will find it)',
    );
};
