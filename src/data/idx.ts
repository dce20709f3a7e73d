import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { printable } from '../label/index.js';
import { mnistFolder } from './mnist.js';
import { readBounded } from './read-bounded.js';
import { arraySource, type DataFormat, type DataSource, type ImageSet } from './source.js';

type Part = 'train' | 'test';
const DIMENSIONS = { images: 3, labels: 1 } as const;

/** MNIST calls its test part t10k; EMNIST's files begin with the name of the set: emnist-letters-train-images-… */
const FILE = /^(?<set>emnist-[a-z]+-)?(?<part>train|t10k|test)-(?<kind>images|labels)[-.]idx[13]-ubyte(\.gz)?$/;

interface IdxFile {
  readonly name: string;
  readonly set: string;
  readonly part: Part;
  readonly kind: keyof typeof DIMENSIONS;
}

const idxFile = (name: string): IdxFile | undefined => {
  const found = FILE.exec(name)?.groups;
  if (found === undefined) return undefined;
  const { set = '', part, kind } = found;
  return { name, set, part: part === 'train' ? 'train' : 'test', kind: kind === 'images' ? 'images' : 'labels' };
};

/** IDX: two zero bytes, 8 for unsigned bytes, the number of dimensions, their sizes (big-endian uint32), values. */
const readIdx = async (
  folder: string,
  {
    files,
    part,
    kind,
    fits = () => {},
  }: {
    files: readonly IdxFile[];
    part: Part;
    kind: keyof typeof DIMENSIONS;
    /** Throws where the sizes cannot be right, before the values are read. */
    fits?: (sizes: readonly number[]) => void;
  },
): Promise<{ sizes: readonly number[]; data: Uint8Array }> => {
  const found = files.find((file) => file.part === part && file.kind === kind);
  const dimensions = DIMENSIONS[kind];
  if (found === undefined)
    throw new Error(
      `Cannot open data: ${printable(folder)} has no ${part === 'train' ? 'train' : 't10k'}-${kind}-idx${dimensions}-` +
        'ubyte (or .gz); add that file',
    );
  const file = join(folder, found.name);
  const header = 4 + 4 * dimensions;
  const sizesOf = (head: Buffer): number[] => {
    if (head.length < header || head.readUInt32BE(0) !== 0x800 + dimensions)
      throw new Error(`Cannot open data: ${printable(file)} is not an IDX file of ${kind}; download it again`);
    return Array.from({ length: dimensions }, (_, axis) => head.readUInt32BE(4 + 4 * axis));
  };
  const bytes = await readBounded(file, {
    headBytes: header,
    expected: (head) => {
      const sizes = sizesOf(head);
      fits(sizes);
      return header + sizes.reduce((product, size) => product * size, 1);
    },
  });
  return { sizes: sizesOf(bytes), data: bytes.subarray(header) };
};

const readPart = async (folder: string, files: readonly IdxFile[], part: Part): Promise<ImageSet> => {
  // Labels first: they are small, and images that do not fit them need not be read.
  const { data: labels } = await readIdx(folder, { files, part, kind: 'labels' });
  const fits = ([count = 0]: readonly number[]): void => {
    if (labels.length !== count || count === 0)
      throw new Error(
        `Cannot open data: ${printable(folder)} has ${count} ${part} images and ${labels.length} labels; ` +
          'use files that belong together',
      );
  };
  const { sizes, data: images } = await readIdx(folder, { files, part, kind: 'images', fits });
  const [, height = 0, width = 0] = sizes;
  return { images, labels: Uint16Array.from(labels), height, width, channels: 1 };
};

/** EMNIST's images lie on their sides: rows and columns are exchanged, in place. */
const upright = ({ images, height: n }: ImageSet): void => {
  for (let start = 0; start < images.length; start += n * n)
    for (let y = 0; y < n; y++)
      for (let x = 0; x < y; x++) {
        const [a, b] = [start + y * n + x, start + x * n + y];
        const value = images[a] ?? 0;
        images[a] = images[b] ?? 0;
        images[b] = value;
      }
};

/**
 * Opens a folder of MNIST's four IDX files, gzipped or not (MNIST, Fashion-MNIST, EMNIST). Classes are the labels that
 * there are images of: '0', '1', ..., or from '1' in sets that count so. Clothes may be flipped, digits may not: images
 * are flipped only where the folder is named after Fashion-MNIST.
 */
export const openIdx = async (folder: string, { name = basename(resolve(folder)) } = {}): Promise<DataSource> => {
  const files = (await readdir(folder)).flatMap((entry) => idxFile(entry) ?? []);
  const where = printable(folder);
  const sets = [...new Set(files.map(({ set }) => set))];
  if (sets.length > 1)
    throw new Error(
      `Cannot open data: ${where} has several sets (${sets.map((set) => set.slice(0, -1) || 'mnist').join(', ')}); ` +
        'put the four files of one into a folder of their own',
    );
  const train = await readPart(folder, files, 'train');
  const test = await readPart(folder, files, 'test');
  if (train.height !== train.width || test.height !== train.height || test.width !== train.width)
    throw new Error(
      `Cannot open data: images in ${where} must be square and of one size, got ${train.height}x${train.width} ` +
        `to train and ${test.height}x${test.width} to test; give an image folder instead`,
    );
  const most = train.labels.reduce((a, b) => Math.max(a, b), 0);
  const there = new Set([...train.labels, ...test.labels]);
  const alien = test.labels.find((label) => label > most);
  if (alien !== undefined)
    throw new Error(
      `Cannot open data: ${where} has test images of class ${alien}, but none to train; use matching files`,
    );
  const classes = Array.from({ length: 1 + most }, (_, label) => label).filter((label) => there.has(label));
  const place = new Map(classes.map((label, c) => [label, c]));
  const numbered = (set: ImageSet): ImageSet =>
    classes.length === 1 + most ? set : { ...set, labels: set.labels.map((label) => place.get(label) ?? 0) };
  if (sets[0] !== '') for (const set of [train, test]) upright(set);
  const augment = /fashion[^/\\]*([/\\]raw)?$/i.test(resolve(folder)) ? 'crop(2) + flip' : 'crop(2)';
  return arraySource(
    { train: numbered(train), test: numbered(test) },
    { name, classes: classes.map(String), augment, imbalance: 'exp' },
  );
};

/** MNIST and its relatives. */
export const idx: DataFormat = {
  what: 'a folder of IDX files',
  named: { mnist: async ({ cacheDir }) => openIdx(await mnistFolder({ cache: cacheDir }), { name: 'mnist' }) },
  fixed: true,
  recognises: (_, entries = []) => entries.some((name) => idxFile(name) !== undefined),
  open: (path) => openIdx(path),
};
