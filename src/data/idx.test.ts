import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIdx } from './idx.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'idx-'));
});
afterAll(() => rm(root, { recursive: true }));

const idx = (sizes: number[], values: number[]): Buffer => {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(0x800 + sizes.length);
  for (const [axis, size] of sizes.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, Buffer.from(values)]);
};

const IMAGES = [10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33]; // three of 2 x 2
const FILES = {
  'train-images-idx3-ubyte': idx([3, 2, 2], IMAGES),
  'train-labels-idx1-ubyte': idx([3], [0, 1, 1]),
  't10k-images-idx3-ubyte': idx([1, 2, 2], [1, 2, 3, 4]),
  't10k-labels-idx1-ubyte': idx([1], [1]),
};

const write = async (
  name: string,
  { changes = {}, gzip = false }: { changes?: Partial<typeof FILES>; gzip?: boolean } = {},
) => {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  for (const [file, bytes] of Object.entries({ ...FILES, ...changes })) {
    await writeFile(join(folder, gzip ? `${file}.gz` : file), gzip ? gzipSync(bytes) : bytes);
  }
  return folder;
};

describe('openIdx', () => {
  it.each([false, true])('reads images and labels (gzip: %s)', async (gzip) => {
    const source = await openIdx(await write(`digits-${gzip}`, { gzip }));
    expect(source).toMatchObject({ classes: ['0', '1'], imageSize: 2, channels: 1, augment: 'crop(2)' });
    expect([...source.trainLabels]).toEqual([0, 1, 1]);
    const train = await source.load('train', Uint32Array.of(2, 0));
    expect([...train.images]).toEqual([30, 31, 32, 33, 10, 11, 12, 13]);
    expect([...train.labels]).toEqual([1, 0]);
    expect([...train.kept]).toEqual([0, 1]);
    expect([...(await source.load('test', Uint32Array.of(0))).images]).toEqual([1, 2, 3, 4]);
  });

  it('mirrors clothes, not digits', async () => {
    expect((await openIdx(await write('fashion-mnist'))).augment).toBe('crop(2) + flip');
    expect((await openIdx(await write('FashionMNIST/raw'))).augment).toBe('crop(2) + flip');
    expect((await openIdx(await write('old-fashion/mnist'))).augment).toBe('crop(2)');
  });

  it('says what is wrong with damaged files', async () => {
    const open = async (name: string, changes: Partial<typeof FILES>) => openIdx(await write(name, { changes }));
    const cut = FILES['train-images-idx3-ubyte'].subarray(0, -1);
    await expect(open('cut', { 'train-images-idx3-ubyte': cut })).rejects.toThrow(
      /train-images-idx3-ubyte must hold 28 bytes as its header says, got 27; download it again/,
    );
    await expect(open('other', { 'train-labels-idx1-ubyte': cut })).rejects.toThrow('is not an IDX file of labels');
    await expect(open('few', { 'train-labels-idx1-ubyte': idx([2], [0, 1]) })).rejects.toThrow(
      '3 train images and 2 labels',
    );
    await expect(open('wide', { 'train-images-idx3-ubyte': idx([3, 1, 4], IMAGES) })).rejects.toThrow(
      'got 1x4 to train',
    );
    await expect(open('alien', { 't10k-labels-idx1-ubyte': idx([1], [7]) })).rejects.toThrow('test images of class 7');
  });

  it('names a missing file and a damaged gzip file', async () => {
    const missing = await write('missing');
    await rm(join(missing, 't10k-labels-idx1-ubyte'));
    await expect(openIdx(missing)).rejects.toThrow('has no t10k-labels-idx1-ubyte (or .gz)');
    const damaged = await write('damaged', { gzip: true });
    const file = join(damaged, 'train-images-idx3-ubyte.gz');
    await writeFile(file, 'no gzip');
    await expect(openIdx(damaged)).rejects.toThrow('train-images-idx3-ubyte.gz is not an IDX file of images');
    const zipped = gzipSync(FILES['train-images-idx3-ubyte']);
    zipped[20] = 255 - (zipped[20] ?? 0);
    await writeFile(file, zipped);
    await expect(openIdx(damaged)).rejects.toThrow('train-images-idx3-ubyte.gz is a damaged gzip file');
    // What is called .gz need not be, and what is need not be called so.
    await writeFile(file, FILES['train-images-idx3-ubyte']);
    expect((await openIdx(damaged)).trainLabels).toHaveLength(3);
  });

  it('holds no more of a file that expands without end than its header allows', async () => {
    const folder = await write('endless', { gzip: true });
    const file = join(folder, 'train-images-idx3-ubyte.gz');
    const zeros = Buffer.alloc(64e6);
    await writeFile(file, gzipSync(Buffer.concat([FILES['train-images-idx3-ubyte'], zeros])));
    await expect(openIdx(folder)).rejects.toThrow('must hold 28 bytes as its header says, got more');
    await writeFile(file, gzipSync(zeros));
    await expect(openIdx(folder)).rejects.toThrow('is not an IDX file of images');
    await writeFile(file, gzipSync(Buffer.concat([idx([3, 40_000, 40_000], []), Buffer.alloc(1000)])));
    await expect(openIdx(folder)).rejects.toThrow('compressed, which cannot be as many');
  });

  it('reads EMNIST: labels from 1, files named after their set, images on their sides', async () => {
    const folder = join(root, 'letters');
    await mkdir(folder);
    const parts = { 'train-images-idx3': 'train-images-idx3', 'train-labels-idx1': 'train-labels-idx1' };
    const test = { 'test-images-idx3': 't10k-images-idx3', 'test-labels-idx1': 't10k-labels-idx1' };
    const files: Record<string, Buffer> = {
      ...FILES,
      'train-labels-idx1-ubyte': idx([3], [1, 2, 2]),
      't10k-labels-idx1-ubyte': idx([1], [2]),
    };
    for (const [name, from] of Object.entries({ ...parts, ...test }))
      await writeFile(join(folder, `emnist-letters-${name}-ubyte.gz`), gzipSync(files[`${from}-ubyte`] ?? ''));
    const source = await openIdx(folder);
    expect(source.classes).toEqual(['1', '2']);
    expect([...source.trainLabels, ...source.testLabels]).toEqual([0, 1, 1, 1]);
    expect([...(await source.load('train', Uint32Array.of(0))).images]).toEqual([10, 12, 11, 13]);
    await writeFile(join(folder, 'emnist-digits-train-labels-idx1-ubyte'), '');
    await expect(openIdx(folder)).rejects.toThrow('has several sets (emnist-digits, emnist-letters)');
  });
});
