import { mkdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { downloadPart, fileDigest, networkReason } from '../engine/download.js';
import { cacheDir } from '../engine/paths.js';
import { printable } from '../label/index.js';
import type { Progress, SourceOptions } from './source.js';

export interface DownloadOptions {
  readonly md5: string;
  readonly onProgress?: Progress | undefined;
  readonly attempts?: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly wait?: number;
}

/**
 * Downloads a data set over connections that break: into `file.part`, continued with HTTP Range where the server allows
 * it, checked against its MD5 and only then given its name. `file` therefore is whole or absent. Throws when the server
 * refuses, cannot be reached, or sends other bytes than expected.
 */
export const download = async (url: string, file: string, options: DownloadOptions): Promise<void> => {
  const { md5, onProgress, attempts, wait } = options;
  const part = `${file}.part`;
  const onBytes = (done: number, total: number | undefined) => onProgress?.({ action: 'download', done, total });
  await mkdir(dirname(file), { recursive: true });
  try {
    await downloadPart(url, part, { digest: { algorithm: 'md5', hex: md5 }, onBytes, attempts, wait });
  } catch (error) {
    throw new Error(
      `Cannot download ${url}: ${networkReason(error)}; ` +
        'check the connection and try again, or get the data in another way and give its path to --data',
    );
  }
  await rename(part, file);
};

/**
 * For data sets that have a name: downloads a file once, into `folder`. An existing file is checked against its MD5
 * each time, since a disk or a stopped copy may have damaged it. It is fetched again if it differs.
 */
export const cached = async (
  { url, md5 }: { url: string; md5: string },
  { cacheDir: folder = cacheDir(process.env), onProgress }: Pick<SourceOptions, 'cacheDir' | 'onProgress'>,
): Promise<string> => {
  const file = join(folder, basename(url));
  const present = await stat(file).catch(() => undefined);
  const found = present && (await fileDigest(file, 'md5'));
  if (found === md5) return file;
  try {
    await download(url, file, { md5, onProgress });
  } catch (cause) {
    if (found === undefined) throw cause;
    const words = `Cannot use ${printable(file)}: its MD5 must be ${md5}, got ${found}`;
    throw new Error(`${words}, and it could not be replaced: ${networkReason(cause)}`, { cause });
  }
  return file;
};
