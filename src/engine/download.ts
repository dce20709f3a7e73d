import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a file must hash to, in hex. */
export interface Digest {
  readonly algorithm: 'md5' | 'sha256';
  readonly hex: string;
}

export interface DownloadOptions {
  readonly digest: Digest;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes that are here, and bytes in all where the server says so. */
  readonly onBytes?: ((done: number, total: number | undefined) => void) | undefined;
  readonly attempts?: number | undefined;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly wait?: number | undefined;
  /** Milliseconds without a byte after which a connection counts as broken. */
  readonly patience?: number | undefined;
}

/** A failure that another attempt cannot mend. */
class Hopeless extends Error {}

interface Rest extends Pick<DownloadOptions, 'headers' | 'onBytes'> {
  readonly patience: number;
}

/** Appends what is missing to `part`; true when it began with bytes of an earlier attempt. */
const fetchRest = async (url: string, part: string, { headers, onBytes, patience }: Rest): Promise<boolean> => {
  const present = await stat(part).then(
    (entry) => entry.size,
    () => 0,
  );
  const silence = new AbortController();
  const over = () => silence.abort(new Error(`no byte came for ${patience / 1000} s`));
  let timer = setTimeout(over, patience);
  try {
    const range = present > 0 && { range: `bytes=${present}-` };
    const asked = { ...headers, 'accept-encoding': 'identity', ...range };
    const response = await fetch(url, { headers: asked, signal: silence.signal });
    if (response.status === 416) return true; // nothing is left to send: the digest decides
    if (!response.ok || response.body === null) {
      const problem = `the server answered ${response.status} ${response.statusText}`.trimEnd();
      throw response.status < 500 ? new Hopeless(problem) : new Error(problem);
    }
    const resumed = response.status === 206;
    const start = resumed ? present : 0;
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : start + Number(length);
    let done = start;
    const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        clearTimeout(timer);
        timer = setTimeout(over, patience);
        done += chunk.length;
        onBytes?.(done, total);
        yield chunk;
      }
    };
    await pipeline(response.body, counted, createWriteStream(part, { flags: resumed ? 'a' : 'w' }));
    return resumed;
  } finally {
    clearTimeout(timer);
  }
};

/** The hex digest of a file, read in pieces. */
export const fileDigest = async (file: string, algorithm: Digest['algorithm']): Promise<string> => {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

/** Node says only "fetch failed" and hides why in the cause. */
export const networkReason = (error: unknown): string => {
  if (!(error instanceof Error)) return `${error}`;
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
};

/**
 * Downloads into `part` over connections that break: what is there already is continued with HTTP Range where the
 * server allows it, and the whole must have the digest. Throws with the reason alone when the server refuses, cannot be
 * reached, or sends other bytes; `part` is kept only where another call may continue it.
 */
export const downloadPart = async (url: string, part: string, options: DownloadOptions): Promise<void> => {
  const { digest, attempts = 4, wait = 1000, patience = 60_000 } = options;
  let reason = '';
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await sleep(wait * 2 ** (attempt - 1));
    try {
      const resumed = await fetchRest(url, part, { ...options, patience });
      const found = await fileDigest(part, digest.algorithm);
      if (found === digest.hex) return;
      await rm(part);
      const name = digest.algorithm === 'md5' ? 'MD5' : 'SHA-256';
      const problem = `its ${name} must be ${digest.hex}, got ${found}`;
      // What was there before may have been the bad half: then once more from the start.
      throw resumed ? new Error(problem) : new Hopeless(problem);
    } catch (error) {
      reason = networkReason(error);
      // A full disk is for the caller to explain.
      if (error instanceof Error && 'syscall' in error && error.syscall === 'write') throw error;
      if (error instanceof Hopeless) break;
    }
  }
  throw new Error(reason);
};
