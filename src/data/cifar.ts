import { type Dirent, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { printable } from '../label/index.js';
import { openArchive } from './archive-paths.js';
import { fromPython, isPythonCifar, pythonNames } from './cifar-python.js';
import { cached } from './download.js';
import { fileHead } from './read-bounded.js';
import { FileProblem } from './reasons.js';
import { arraySource, type DataFormat, type DataSource, type ImageSet, type SourceOptions } from './source.js';

const SIZE = 32;
const PIXELS = SIZE * SIZE;
const HOST = 'https://www.cs.toronto.edu/~kriz/';

const KINDS = [
  {
    name: 'cifar10',
    classes: 10,
    labelBytes: 1,
    train: [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`),
    test: ['test_batch.bin'],
    names: 'batches.meta.txt',
    normalize: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
    archive: { url: `${HOST}cifar-10-binary.tar.gz`, md5: 'c32a1d4ab5d03f1284b67883e8d87530' },
  },
  {
    name: 'cifar100',
    classes: 100,
    labelBytes: 2, // the second is the label, the first the coarse one
    train: ['train.bin'],
    test: ['test.bin'],
    names: 'fine_label_names.txt',
    normalize: { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] },
    archive: { url: `${HOST}cifar-100-binary.tar.gz`, md5: '03b5dce01913d631647c71ecec9e9cb8' },
  },
];
type Kind = (typeof KINDS)[number];

type Files = ReadonlyMap<string, Buffer>;

/** Which of the CIFAR sets the file names of a folder or archive belong to, if any. */
const kindOf = (names: readonly string[]): Kind | undefined =>
  KINDS.find(({ train }) => train.some((name) => names.includes(name)));

const isWanted = (file: string): boolean =>
  pythonNames.includes(file) || KINDS.some(({ train, test, names }) => [...train, ...test, names].includes(file));

/** CIFAR-100's training images take 155 MB, in either version; nothing else of these sets is larger. */
const MOST_FILE_BYTES = 160e6;

const requireSize = (name: string, size: number, path: string): void => {
  if (size > MOST_FILE_BYTES)
    throw new Error(
      `Cannot open data: ${name} in ${printable(path)} must have at most ${MOST_FILE_BYTES} bytes, got ${size}; ` +
        'take the files as they are downloaded',
    );
};

const wantedFile = (entry: Dirent): string[] => (!entry.isDirectory() && isWanted(entry.name) ? [entry.name] : []);

const readFolder = async (folder: string): Promise<Files> => {
  const files = new Map<string, Buffer>();
  for (const name of (await readdir(folder, { withFileTypes: true })).flatMap(wantedFile)) {
    const { size } = await fileHead(join(folder, name), 1);
    requireSize(name, size, folder);
    files.set(name, await readFile(join(folder, name)));
  }
  return files;
};

const readArchive = async (path: string): Promise<Files> => {
  const archive = await openArchive(path);
  const files = new Map<string, Buffer>();
  try {
    for (const [place, file] of archive?.files ?? []) {
      const name = basename(place);
      if (!isWanted(name)) continue;
      requireSize(name, file.size, path);
      files.set(name, (await archive?.bytes(file)) ?? Buffer.alloc(0));
    }
  } catch (cause) {
    if (!(cause instanceof FileProblem)) throw cause;
    throw new Error(`Cannot open data: a file in ${printable(path)} cannot be used: ${cause.message}`, { cause });
  } finally {
    archive?.close();
  }
  return files;
};

/** The files hold a red, a green and a blue plane; images are kept pixel by pixel. */
const interleave = (planes: Uint8Array, pixels: Uint8Array, { from, to }: { from: number; to: number }): void => {
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    pixels[to + 3 * pixel] = planes[from + pixel] ?? 0;
    pixels[to + 3 * pixel + 1] = planes[from + PIXELS + pixel] ?? 0;
    pixels[to + 3 * pixel + 2] = planes[from + 2 * PIXELS + pixel] ?? 0;
  }
};

const readPart = (
  files: Files,
  { kind, members, path }: { kind: Kind; members: readonly string[]; path: string },
): ImageSet => {
  const record = kind.labelBytes + 3 * PIXELS;
  const parts = members.map((name) => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new Error(`Cannot open data: ${path} has no ${name}; add the missing file`);
    if (bytes.length === 0 || bytes.length % record !== 0)
      throw new Error(
        `Cannot open data: ${name} in ${path} must hold whole records of ${record} bytes, got ${bytes.length} bytes: ` +
          'it was cut short; download it again',
      );
    return bytes;
  });
  const count = parts.reduce((sum, bytes) => sum + bytes.length / record, 0);
  const images = new Uint8Array(count * 3 * PIXELS);
  const labels = new Uint16Array(count);
  let index = 0;
  for (const bytes of parts) {
    for (let start = 0; start < bytes.length; start += record, index++) {
      const label = bytes[start + kind.labelBytes - 1] ?? 0;
      if (label >= kind.classes)
        throw new Error(
          `Cannot open data: a label in ${path} must be below ${kind.classes}, got ${label}; download the data again`,
        );
      labels[index] = label;
      interleave(bytes, images, { from: start + kind.labelBytes, to: index * 3 * PIXELS });
    }
  }
  return { images, labels, height: SIZE, width: SIZE, channels: 3 };
};

const classNames = (files: Files, { kind, path }: { kind: Kind; path: string }): string[] => {
  const text = files.get(kind.names)?.toString('utf8');
  if (text === undefined) return Array.from({ length: kind.classes }, (_, label) => `${label}`);
  const names = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);
  if (names.length !== kind.classes)
    throw new Error(
      `Cannot open data: ${kind.names} in ${path} must name ${kind.classes} classes, got ${names.length}; ` +
        'download the data again',
    );
  return names;
};

/**
 * Opens CIFAR-10 or CIFAR-100 in its binary or its Python version: a folder of files, or the `.tar.gz` archive as it is
 * downloaded. CIFAR-100 uses the fine labels. Class names come from the text file beside the data, or are numbers where
 * it is missing.
 */
export const openCifar = async (path: string): Promise<DataSource> => {
  const read = (await stat(path)).isDirectory() ? await readFolder(path) : await readArchive(path);
  const binary = kindOf([...read.keys()]) !== undefined;
  const files = !binary && isPythonCifar([...read.keys()]) ? fromPython(read, { path }) : read;
  const kind = kindOf([...files.keys()]);
  if (kind === undefined)
    throw new Error(
      `Cannot open data: ${path} holds no files of CIFAR (data_batch_1.bin, data_batch_1, train.bin or ` +
        'train); unpack other archives and give the folder',
    );
  const train = readPart(files, { kind, members: kind.train, path });
  const test = readPart(files, { kind, members: kind.test, path });
  const { name, normalize } = kind;
  const classes = classNames(files, { kind, path });
  return arraySource({ train, test }, { name, classes, augment: 'crop(4) + flip', normalize, imbalance: 'exp' });
};

/** A file of the Python version; of an image folder it would be a folder. */
const pythonMark = (entries: readonly string[]): string =>
  entries.includes('data_batch_1') ? 'data_batch_1' : 'train';

const openCached = (archive: Kind['archive']) => async (options: SourceOptions) =>
  openCifar(await cached(archive, options));

export const cifar: DataFormat = {
  what: 'CIFAR files, binary or of Python (in a folder or an archive)',
  named: Object.fromEntries(KINDS.map(({ name, archive }) => [name, openCached(archive)])),
  fixed: true,
  recognises: (path, entries = []) =>
    kindOf(entries) !== undefined || (isPythonCifar(entries) && statSync(join(path, pythonMark(entries))).isFile()),
  inArchive: (files) => {
    const names = files.map((file) => basename(file));
    return kindOf(names) !== undefined || isPythonCifar(names);
  },
  open: openCifar,
};
