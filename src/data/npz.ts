import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Unzipped, unzipSync } from 'fflate';
import { printable } from '../label/index.js';
import { fileHead, MOST_INFLATION } from './read-bounded.js';
import { arraySource, type DataFormat, type DataSource, type ImageSet } from './source.js';

/** Of all arrays together, and of the file. */
const MOST_BYTES = 2 ** 32 - 1;

const PARTS = { train: 'train', valid: 'val', test: 'test' } as const;

interface Npy {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: Buffer;
}

/** NumPy's format: a magic word, a version, a header that is a Python dictionary, values in C order. */
const readNpy = (bytes: Uint8Array, fail: (problem: string) => never): Npy => {
  const b = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (b.length < 12 || b.toString('latin1', 0, 6) !== '\x93NUMPY') return fail('is no NumPy array');
  const long = (b[6] ?? 1) > 1;
  const from = long ? 12 : 10;
  const length = long ? b.readUInt32LE(8) : b.readUInt16LE(8);
  const header = b.toString('latin1', from, from + length);
  const dtype = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? '';
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? '').split(',').flatMap((size) => {
    const n = Number.parseInt(size, 10);
    return Number.isNaN(n) ? [] : [n];
  });
  if (/'fortran_order':\s*True/.test(header)) return fail('must be in C order');
  const data = b.subarray(from + length);
  const each = Number(dtype.slice(2));
  if (data.length !== shape.reduce((product, size) => product * size, each))
    return fail(`must hold ${shape.join(' x ')} values of ${each} bytes, got ${data.length} bytes`);
  return { shape, dtype, data };
};

/** Integer labels, [n] or [n, 1]. */
const labelsOf = ({ shape, dtype, data }: Npy, fail: (problem: string) => never): Uint16Array => {
  const [n = 0, ...rest] = shape;
  const size = Number(dtype.slice(2));
  if (rest.some((columns) => columns !== 1) || !/^[|<][iu][1248]$/.test(dtype))
    return fail(`must hold one whole number per image, got ${dtype} of ${shape.join(' x ')}`);
  return Uint16Array.from({ length: n }, (_, i) => {
    const label = size === 8 ? Number(data.readBigInt64LE(8 * i)) : data.readUIntLE(size * i, size);
    return label < 65_536 ? label : fail(`must hold labels from 0 to 65535, got ${label}`);
  });
};

const isWanted = (name: string): boolean =>
  Object.values(PARTS).some((part) => [`${part}_images.npy`, `${part}_labels.npy`].includes(name));

/**
 * Opens a MedMNIST file: arrays `train_images` and `train_labels`, and the same of `val` and `test`, of bytes [n, side,
 * side] or [n, side, side, 3]. Its own validation part is used. Classes are their numbers.
 */
export const openNpz = async (file: string): Promise<DataSource> => {
  const where = printable(file);
  const refuse = (problem: string): never => {
    throw new Error(`Cannot open data: ${where} ${problem}; download it again, or make a folder of images of it`);
  };
  const { size } = await fileHead(file, 4);
  if (size > MOST_BYTES) return refuse(`must have at most 4 GiB, it has ${size} bytes`);
  let arrays: Unzipped;
  let total = 0;
  try {
    arrays = unzipSync(await readFile(file), {
      filter: ({ name, originalSize, size: packed }) => {
        if (!isWanted(name)) return false;
        total += originalSize;
        if (total > MOST_BYTES || originalSize > MOST_INFLATION * packed + 1024)
          throw new RangeError(`holds ${total} bytes in ${size}, which cannot be`);
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof RangeError) return refuse(cause.message);
    return refuse('is damaged or cut short');
  }
  const part = (name: string): ImageSet | undefined => {
    const [images, labels] = [arrays[`${name}_images.npy`], arrays[`${name}_labels.npy`]];
    if (images === undefined || labels === undefined) return undefined;
    const fail = (of: string) => (problem: string) => refuse(`has ${name}_${of}, which ${problem}`);
    const pixels = readNpy(images, fail('images'));
    const own = labelsOf(readNpy(labels, fail('labels')), fail('labels'));
    const [n = 0, height = 0, width = 0, channels = 1] = pixels.shape;
    if (!/^[|<]?u1$/.test(pixels.dtype) || height !== width || ![1, 3].includes(channels) || pixels.shape.length > 4)
      return refuse(
        `must have square images of bytes in 1 or 3 channels, got ${pixels.dtype} of ${pixels.shape.join(' x ')}`,
      );
    if (own.length !== n) return refuse(`has ${n} ${name} images and ${own.length} labels`);
    return { images: pixels.data, labels: own, height, width, channels };
  };
  const [train, valid, test] = [part(PARTS.train), part(PARTS.valid), part(PARTS.test)];
  if (train === undefined || test === undefined)
    return refuse('must hold train_images, train_labels, test_images and test_labels, as MedMNIST does');
  let most = 0;
  for (const set of [train, valid, test]) for (const label of set?.labels ?? []) most = Math.max(most, label);
  return arraySource(
    { train, test, ...(valid && { valid }) },
    { name: basename(file).replace(/\.npz$/i, ''), classes: Array.from({ length: most + 1 }, (_, c) => `${c}`) },
  );
};

export const npz: DataFormat = {
  what: 'a MedMNIST file (.npz)',
  fixed: true,
  recognises: (path, entries) => entries === undefined && /\.npz$/i.test(path),
  open: openNpz,
};
