import { readdirSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { didYouMean, printable } from '../label/index.js';
import { openArchive } from './archive-paths.js';
import { cifar } from './cifar.js';
import { isPlainName } from './entries.js';
import { folder } from './folder.js';
import { idx } from './idx.js';
import { fileKind, HEAD_BYTES } from './image-kind.js';
import { npz } from './npz.js';
import { fileHead } from './read-bounded.js';
import type { DataFormat, DataSource, SourceOptions } from './source.js';

/** Every kind of data, in the order in which they are asked whether a path is theirs. */
const formats: DataFormat[] = [idx, cifar, npz, folder];

/** The data sets that have a name; anything else is a path. */
export const dataNames = (): readonly string[] => formats.flatMap(({ named = {} }) => Object.keys(named));

/** Adds a kind of data, asked before those that are there. Throws a RangeError when a name of it is taken. */
export const addDataFormat = (format: DataFormat): void => {
  const taken = Object.keys(format.named ?? {}).find((name) => dataNames().includes(name));
  if (taken !== undefined) throw new RangeError(`Cannot add data format: the name "${taken}" is taken; choose another`);
  formats.unshift(format);
};

/** What lies in a folder: what a misspelt path may have meant. */
const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter(isPlainName);
  } catch {
    return [];
  }
};

/** A word that names no data set and is no path. */
export class UnknownDataError extends Error {
  override readonly name = 'UnknownDataError';
  constructor(word: string) {
    const near = didYouMean(word, [...dataNames(), ...namesIn('.')]);
    super(
      `Cannot open data: "${printable(word)}" is neither a known name nor a file or folder${near && `:${near}`} ` +
        `(known names are ${dataNames().join(', ')}; one from your own module needs --use <module>)`,
    );
  }
}

/** Throws on an option that contradicts a set of one size, with its own channels and test part: it is not ignored. */
const requireFitting = (source: DataSource, { imageSize, channels, testShare, fit, labels }: SourceOptions): void => {
  const refuse = (what: string, flag: string): never => {
    throw new Error(`Cannot open data: ${source.name} ${what}; leave out ${flag}`);
  };
  if (imageSize !== undefined && imageSize !== source.imageSize)
    refuse(`has images of size ${source.imageSize}, got ${imageSize}`, '--image-size');
  if (channels !== undefined && channels !== source.channels)
    refuse(`has ${source.channels} channels, got ${channels}`, '--grey');
  if (labels !== undefined) refuse('has labels of its own', '--labels');
  if (fit !== undefined) refuse('has images that are of one size already', '--fit');
  if (testShare !== undefined) refuse(`has a test part of its own, got test share ${testShare}`, '--test-share');
};

/** Whose kind of data a name or path is, and how it is opened. Throws when there is no such data. */
export const recognise = async (
  spec: string,
): Promise<{ format: DataFormat; open: (options: SourceOptions) => Promise<DataSource> }> => {
  for (const format of formats) {
    const named = Object.entries(format.named ?? {}).find(([name]) => name === spec);
    if (named !== undefined) return { format, open: named[1] };
  }
  const entry = await stat(spec).catch(() => undefined);
  const archive = entry?.isDirectory() ? undefined : await openArchive(spec);
  if (entry === undefined && archive === undefined) {
    const near = didYouMean(basename(spec), namesIn(dirname(spec)));
    if (/[/\\.~]/.test(spec))
      throw new Error(`Cannot open data: there is no file or folder ${printable(spec)};${near || ' check the path'}`);
    throw new UnknownDataError(spec);
  }
  const entries = entry?.isDirectory() ? await readdir(spec) : undefined;
  const own = formats.find((candidate) => candidate.recognises(spec, entries));
  const format = own ?? (archive && formats.find((candidate) => candidate.inArchive?.([...archive.files.keys()])));
  if (format === undefined) {
    const { head } = await fileHead(spec, HEAD_BYTES);
    const kind = fileKind(head, spec);
    const is = 'what' in kind ? kind.what : 'an image';
    const way = is === 'an archive' ? 'unpack it and give its folder' : 'give the folder of the data';
    const rule = `must be ${formats.map(({ what }) => what).join(', or ')}`;
    throw new Error(`Cannot open data: ${printable(spec)} ${rule}, it is ${is}; ${way}`);
  }
  const open = (options: SourceOptions): Promise<DataSource> => format.open(spec, options);
  if (own !== undefined || archive === undefined) return { format, open };
  return { format, open: async (options) => ({ ...(await open(options)), archive: archive.kind }) };
};

/**
 * Opens data by its name, such as `mnist` or `cifar10` (downloaded once), or by a path. A
 * known name wins over a folder of that name: write `./mnist` for the folder. Throws when there is no such data, or an
 * option does not fit it. What is a source already stays as it is.
 */
export const openSource = async (spec: string | DataSource, options: SourceOptions = {}): Promise<DataSource> => {
  if (typeof spec !== 'string') {
    requireFitting(spec, options);
    return spec;
  }
  const { format, open } = await recognise(spec);
  const source = await open(options);
  if (format.fixed) requireFitting(source, options);
  return source;
};
