import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { printable } from '../label/index.js';
import { cacheDir } from './cache-dir.js';
import type { Progress, SourceOptions } from './source.js';

export interface DownloadOptions {
  readonly md5: string;
  readonly onProgress?: Progress | undefined;
  readonly attempts?: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly wait?: number;
}

/** A failure that another attempt cannot mend. */
class Hopeless extends Error {}

/** Appends what is missing to `part`; true when it began with bytes of an earlier attempt. */
const fetchRest = async (url: string, part: string, onProgress: Progress | undefined): Promise<boolean> => {
  const present = await stat(part).then(
    (entry) => entry.size,
    () => 0,
  );
  const headers = { 'accept-encoding': 'identity', ...(present > 0 && { range: `bytes=${present}-` }) };
  const response = await fetch(url, { headers });
  if (response.status === 416) return true; // nothing is left to send: the checksum decides
  if (!response.ok || response.body === null) {
    const problem = `the server answered ${response.status} ${response.statusText}`.trimEnd();
    throw response.status < 500 ? new Hopeless(problem) : new Error(problem);
  }
  const resumed = response.status === 206;
  const start = resumed ? present : 0;
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : start + Number(length);
  let done = start;
  const report = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      done += chunk.length;
      onProgress?.({ action: 'download', done, total });
      yield chunk;
    }
  };
  await pipeline(response.body, report, createWriteStream(part, { flags: resumed ? 'a' : 'w' }));
  return resumed;
};

const hash = async (file: string): Promise<string> => {
  const md5 = createHash('md5');
  await pipeline(createReadStream(file), md5);
  return md5.digest('hex');
};

/** Node says only "fetch failed" and hides why in the cause. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return `${error}`;
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
};

/**
 * Downloads a data set over connections that break: into `file.part`, continued with HTTP Range where the server allows
 * it, checked against its MD5 and only then given its name. `file` therefore is whole or absent. Throws when the server
 * refuses, cannot be reached, or sends other bytes than expected.
 */
export const download = async (url: string, file: string, options: DownloadOptions): Promise<void> => {
  const { md5, onProgress, attempts = 4, wait = 1000 } = options;
  const part = `${file}.part`;
  await mkdir(dirname(file), { recursive: true });
  let reason = '';
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await sleep(wait * 2 ** (attempt - 1));
    try {
      const resumed = await fetchRest(url, part, onProgress);
      const found = await hash(part);
      if (found === md5) return await rename(part, file);
      await rm(part);
      const problem = `its MD5 must be ${md5}, got ${found}`;
      // What was there before may have been the bad half: then once more from the start.
      throw resumed ? new Error(problem) : new Hopeless(problem);
    } catch (error) {
      reason = describe(error);
      if (error instanceof Hopeless) break;
    }
  }
  throw new Error(
    `Cannot download ${url}: ${reason}; ` +
      'check the connection and try again, or get the data in another way and give its path to --data',
  );
};

/**
 * For data sets that have a name: downloads a file once, into `folder`. An existing file is checked against its MD5
 * each time, since a disk or a stopped copy may have damaged it. It is fetched again if it differs.
 */
export const cached = async (
  { url, md5 }: { url: string; md5: string },
  { cacheDir: folder = cacheDir(), onProgress }: Pick<SourceOptions, 'cacheDir' | 'onProgress'>,
): Promise<string> => {
  const file = join(folder, basename(url));
  const present = await stat(file).catch(() => undefined);
  const found = present && (await hash(file));
  if (found === md5) return file;
  try {
    await download(url, file, { md5, onProgress });
  } catch (cause) {
    if (found === undefined) throw cause;
    const words = `Cannot use ${printable(file)}: its MD5 must be ${md5}, got ${found}`;
    throw new Error(`${words}, and it could not be replaced: ${describe(cause)}`, { cause });
  }
  return file;
};
