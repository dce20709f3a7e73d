import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJson } from '../../test/support/fixtures.js';
import { openCifar } from './cifar.js';

type Files = Record<string, Uint8Array | string>;

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cifar-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Records whose red, green and blue planes count up from `label`, so that every place is known. */
const records = (labelBytes: number[][]): Uint8Array => {
  return Buffer.concat(
    labelBytes.map((bytes) =>
      Buffer.from([...bytes, ...Array.from({ length: 3072 }, (_, i) => (i + (bytes.at(-1) ?? 0)) % 251)]),
    ),
  );
};

const names10 = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const cifar10: Files = {
  'data_batch_1.bin': records([[3], [9]]),
  'data_batch_2.bin': records([[0]]),
  'data_batch_3.bin': records([[1]]),
  'data_batch_4.bin': records([[2]]),
  'data_batch_5.bin': records([[4]]),
  'test_batch.bin': records([[5], [6]]),
  'batches.meta.txt': `${names10.join('\n')}\n\n`,
};

const folder = async (name: string, files: Files): Promise<string> => {
  await mkdir(join(root, name));
  for (const [file, content] of Object.entries(files)) await writeFile(join(root, name, file), content);
  return join(root, name);
};

const tar = async (files: Files): Promise<Buffer> => {
  const packed = pack();
  for (const [file, content] of Object.entries(files))
    packed.entry({ name: `batches-bin/${file}` }, Buffer.from(content));
  packed.finalize();
  return gzipSync(await buffer(packed));
};

const archive = async (name: string, bytes: Uint8Array): Promise<string> => {
  await writeFile(join(root, name), bytes);
  return join(root, name);
};

describe('openCifar', () => {
  it('reads CIFAR-10 alike from a folder and from the archive', async () => {
    const paths = [
      await folder('ten', cifar10),
      await archive('ten.tar.gz', await tar({ ...cifar10, 'readme.html': 'not wanted' })),
    ];
    for (const path of paths) {
      const source = await openCifar(path);
      expect(source).toMatchObject({
        name: 'cifar10',
        classes: names10,
        imageSize: 32,
        channels: 3,
        augment: 'crop(4) + flip',
      });
      expect(source.normalize).toEqual({ mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] });
      expect([...source.trainLabels]).toEqual([3, 9, 0, 1, 2, 4]);
      expect([...source.testLabels]).toEqual([5, 6]);
      const { images, labels } = await source.load('train', Uint32Array.of(1));
      expect([...labels]).toEqual([9]);
      for (const pixel of [0, 1, 500, 1023]) {
        const rgb = [0, 1, 2].map((channel) => (pixel + 1024 * channel + 9) % 251);
        expect([...images.subarray(3 * pixel, 3 * pixel + 3)]).toEqual(rgb);
      }
    }
  });

  it('uses the fine labels of CIFAR-100, and numbers where no names are given', async () => {
    const files = {
      'train.bin': records([
        [1, 42],
        [2, 99],
      ]),
      'test.bin': records([[3, 7]]),
    };
    const source = await openCifar(await folder('hundred', files));
    expect(source.name).toBe('cifar100');
    expect([...source.trainLabels, ...source.testLabels]).toEqual([42, 99, 7]);
    expect(source.classes).toHaveLength(100);
    expect(source.classes[42]).toBe('42');
    const { images } = await source.load('test', Uint32Array.of(0));
    expect([...images.subarray(0, 3)]).toEqual([7, (1024 + 7) % 251, (2048 + 7) % 251]);
  });

  it('reads the Python version as the binary one, without running what is in it', async () => {
    const files = z.record(z.string(), z.string());
    const { python, danger } = z
      .object({ python: z.record(z.string(), files), danger: files })
      .parse(readJson('cifar-python'));
    const bytes = (of: Record<string, string> = {}) =>
      Object.fromEntries(Object.entries(of).map(([name, text]) => [name, gunzipSync(Buffer.from(text, 'base64'))]));
    for (const protocol of ['2', '4']) {
      const source = await openCifar(await folder(`python-${protocol}`, bytes(python[protocol])));
      expect(source).toMatchObject({ name: 'cifar10', classes: names10 });
      expect([...source.trainLabels]).toEqual([3, 9, 0, 1, 2, 4]);
      const { images } = await source.load('train', Uint32Array.of(1));
      for (const pixel of [0, 1, 500, 1023]) {
        const rgb = [0, 1, 2].map((channel) => (pixel + 1024 * channel + 9) % 251);
        expect([...images.subarray(3 * pixel, 3 * pixel + 3)]).toEqual(rgb);
      }
    }
    const other = await folder('python-danger', { ...bytes(python['2']), ...bytes(danger) });
    await expect(openCifar(other)).rejects.toThrow('data_batch_1 in ');
    await expect(openCifar(other)).rejects.toThrow('it calls posix system, which is not run; download it again');
  });

  it('refuses an archive whose files are larger than they can be, before they are read', async () => {
    const packed = pack();
    packed.entry({ name: 'data_batch_1.bin' }, Buffer.alloc(170e6));
    packed.finalize();
    const large = await archive('large.tar', await buffer(packed));
    await expect(openCifar(large)).rejects.toThrow('data_batch_1.bin in ');
    await expect(openCifar(large)).rejects.toThrow('must have at most 160000000 bytes, got 170000000');
  });

  it('says which file is cut short, missing or wrong', async () => {
    const open = async (name: string, changes: Files) => openCifar(await folder(name, { ...cifar10, ...changes }));
    await expect(open('cut', { 'data_batch_4.bin': records([[2]]).subarray(0, 3000) })).rejects.toThrow(
      /data_batch_4.bin in .*cut must hold whole records of 3073 bytes, got 3000 bytes: it was cut short/,
    );
    await expect(open('empty', { 'test_batch.bin': '' })).rejects.toThrow('test_batch.bin');
    await expect(open('label', { 'data_batch_2.bin': records([[10]]) })).rejects.toThrow('must be below 10, got 10');
    await expect(open('names', { 'batches.meta.txt': 'cat\ndog\n' })).rejects.toThrow('must name 10 classes, got 2');
    const { 'data_batch_3.bin': _, ...rest } = cifar10;
    await expect(openCifar(await folder('missing', rest))).rejects.toThrow('has no data_batch_3.bin');
  });

  it('says that an archive is cut short, or is another one', async () => {
    const whole = await tar(cifar10);
    await expect(openCifar(await archive('cut.tar.gz', whole.subarray(0, whole.length / 2)))).rejects.toThrow(
      /archive .*cut.tar.gz is damaged or cut short/,
    );
    const inner = gzipSync(gunzipSync(whole).subarray(0, 10_000));
    await expect(openCifar(await archive('inner.tar.gz', inner))).rejects.toThrow(
      /inner.tar.gz is damaged or cut short/,
    );
    await expect(openCifar(await archive('text.tar.gz', Buffer.from('no archive')))).rejects.toThrow(
      'holds no files of CIFAR',
    );
    await expect(openCifar(await archive('other.tar.gz', await tar({ 'cat.jpg': 'x' })))).rejects.toThrow(
      /other.tar.gz holds no files of CIFAR .* unpack other archives/,
    );
  });
});
