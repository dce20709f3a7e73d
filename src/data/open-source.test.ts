import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { planDataset } from './dataset.js';
import { addDataFormat, dataNames, openSource } from './open-source.js';
import { Rng } from './rng.js';
import { arraySource, countLabels, type ImageSet } from './source.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'source-'));
});
afterAll(() => rm(root, { recursive: true }));

const record = (...labels: number[]) => Buffer.concat([Buffer.from(labels), Buffer.alloc(3072)]);

describe('openSource', () => {
  it('knows MNIST without a download', async () => {
    const mnist = await openSource('mnist');
    expect(mnist).toMatchObject({ name: 'mnist', imageSize: 28, channels: 1, augment: 'crop(2)' });
    expect(mnist.classes.join('')).toBe('0123456789');
    expect(countLabels(mnist.trainLabels, 10)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(countLabels(mnist.testLabels, 10)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    const { images, labels } = await mnist.load('test', Uint32Array.of(0));
    expect(labels[0]).toBe(7);
    expect(images.some((value) => value > 200)).toBe(true);
  });

  it('takes an archive as a path, and one from the cache only where it is whole', async () => {
    const tar = pack();
    tar.entry({ name: 'cifar-100-binary/train.bin' }, record(0, 5));
    tar.entry({ name: 'cifar-100-binary/test.bin' }, record(0, 6));
    tar.finalize();
    const archive = join(root, 'cifar-100-binary.tar.gz');
    await writeFile(archive, gzipSync(await buffer(tar)));
    const source = await openSource(archive);
    expect([source.name, ...source.trainLabels, ...source.testLabels]).toEqual(['cifar100', 5, 6]);
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    await expect(openSource('cifar100', { cacheDir: root })).rejects.toThrow(
      /^Cannot use .*cifar-100-binary.tar.gz: its MD5 must be 03b5dce\w+, got \w{32}, .* the server answered 404/,
    );
    vi.unstubAllGlobals();
  });

  it('recognises folders by what is in them', async () => {
    const cifar = join(root, 'bin');
    await mkdir(cifar);
    await writeFile(join(cifar, 'train.bin'), record(0, 5));
    await writeFile(join(cifar, 'test.bin'), record(0, 6));
    expect((await openSource(cifar)).name).toBe('cifar100');
    await mkdir(join(root, 'idx'));
    await writeFile(join(root, 'idx', 'train-labels-idx1-ubyte'), 'no IDX');
    await expect(openSource(join(root, 'idx'))).rejects.toThrow('is not an IDX file of labels');
    await mkdir(join(root, 'pets'));
    await expect(openSource(join(root, 'pets'))).rejects.toThrow('has no class folders');
  });

  it('suggests the nearest name for an unknown word, and checks paths', async () => {
    await expect(openSource('cifar-10')).rejects.toThrow('did you mean "cifar10"');
    await expect(openSource('CIFAR-100')).rejects.toThrow('did you mean "cifar100"');
    await expect(openSource('minst')).rejects.toThrow('did you mean "mnist"');
    const gone = join(root, 'gone');
    await expect(openSource(gone)).rejects.toThrow(`Cannot open data: there is no file or folder ${gone}`);
    await writeFile(join(root, 'one.zip'), 'PK\x03\x04');
    await expect(openSource(join(root, 'one.zip'))).rejects.toThrow(
      /one.zip is damaged or cut short; remove it and download it again/,
    );
    await writeFile(join(root, 'one.7z'), '7z\xbc\xaf', 'latin1');
    await expect(openSource(join(root, 'one.7z'))).rejects.toThrow(
      /one.7z must be a folder of IDX files, or CIFAR .* it is an archive; unpack it and give its folder/,
    );
  });

  it('refuses options that a set of fixed images cannot follow', async () => {
    await expect(openSource('mnist', { imageSize: 32 })).rejects.toThrow(
      'has images of size 28, got 32; leave out --image-size',
    );
    await expect(openSource('mnist', { channels: 3 })).rejects.toThrow('has 1 channels, got 3; leave out --grey');
    await expect(openSource('mnist', { testShare: 0.2 })).rejects.toThrow('got test share 0.2; leave out --test-share');
    expect((await openSource('mnist', { imageSize: 28, channels: 1 })).name).toBe('mnist');
  });

  it("opens data of a user's own format, by name and by path, asking it before the others", async () => {
    const dot: ImageSet = { images: Uint8Array.of(9), labels: Uint16Array.of(0), height: 1, width: 1, channels: 1 };
    const about = { classes: ['dot'] };
    const open = async (name: string) => arraySource({ train: dot, test: dot }, { name, ...about });
    const recognises = (_: string, entries: readonly string[] = []): boolean => entries.includes('dots.txt');
    addDataFormat({ what: 'dots', named: { dots: () => open('named') }, fixed: true, recognises, open });
    await mkdir(join(root, 'some'));
    await writeFile(join(root, 'some', 'dots.txt'), '');
    expect((await openSource('dots')).name).toBe('named');
    expect((await openSource(join(root, 'some'))).name).toBe(join(root, 'some'));
    await expect(openSource('dots', { imageSize: 32 })).rejects.toThrow('has images of size 1, got 32');
    await expect(openSource('dosts')).rejects.toThrow('did you mean "dots"');
    expect(dataNames()).toEqual(['dots', 'mnist', 'cifar10', 'cifar100']);
    expect(() => addDataFormat({ what: 'x', named: { mnist: () => open('') }, recognises, open })).toThrow(
      'the name "mnist" is taken',
    );
  });
});

describe('arraySource', () => {
  const set = (n: number, { size = 2, channels = 1, label = 1 } = {}): ImageSet => ({
    images: Uint8Array.from({ length: n * size * size * channels }, (_, i) => i),
    labels: Uint16Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 0 : label)),
    ...{ height: size, width: size, channels },
  });
  const about = { name: 'dots', classes: ['dark', 'bright'] };

  it('is planned as data on disk are, and keeps its own imbalance', async () => {
    const plan = await planDataset(arraySource({ train: set(20), test: set(4) }, about), { validShare: 0.2 });
    expect(plan.counts).toEqual({ train: [8, 8], valid: [2, 2], test: [2, 2] });
    expect(plan).toMatchObject({ name: 'dots', imageSize: 2, channels: 1, tail: { imbalance: 'natural' } });
    const { test, augment } = await plan.load();
    expect([...test.images]).toEqual([...set(4).images]);
    expect(augment).toBe('none');
  });

  it.each([
    ['numbers that are no bytes', { ...set(4), images: new Float32Array(16) }, 'as a Uint8Array, [n, height, width'],
    [
      'labels that are an array',
      { ...set(4), labels: [0, -1, 0, 1] },
      'indices of classes as a Uint16Array, [n], got Array',
    ],
    ['bytes that are no images', { ...set(4), images: new Uint8Array(15) }, '4 labels need 16 bytes of 2x2x1, got 15'],
    ['a label that no class has', set(4, { label: 2 }), 'labels must be below 2, one per class, got 2 to test'],
    ['another size', set(4, { size: 3 }), 'of one size and as many channels to train and to test, got 3x3x1'],
    ['other channels', set(4, { channels: 3 }), 'to train and to test, got 2x2x3 to test'],
  ])('refuses %s', (_, test, message) => {
    const given = { train: set(20), test };
    // As plain JavaScript would.
    expect(() => Reflect.apply(arraySource, undefined, [given, about])).toThrow(message);
  });

  it('refuses colours that lie one after the other, as PyTorch has them', () => {
    const [n, size] = [40, 12];
    const rng = new Rng(3, 'discs');
    // A disc of some colour on another, with noise.
    const picture = (): Uint8Array => {
      const [x0, y0, radius] = [rng.below(size), rng.below(size), 2 + rng.below(4)];
      const colours = Array.from({ length: 6 }, () => rng.below(80));
      const shade = rng.below(150);
      return Uint8Array.from({ length: size * size * 3 }, (_, i) => {
        const pixel = Math.floor(i / 3);
        const within = Math.hypot((pixel % size) - x0, Math.floor(pixel / size) - y0) < radius;
        return (within ? 150 - shade : shade) + (colours[(i % 3) + (within ? 3 : 0)] ?? 0) + rng.below(20);
      });
    };
    const pictures = Array.from({ length: n }, picture);
    const planes = pictures.map((bytes) =>
      bytes.map((_, i) => bytes[3 * (i % (size * size)) + Math.floor(i / (size * size))] ?? 0),
    );
    const as = (all: readonly Uint8Array[]): ImageSet => ({
      ...{ images: Buffer.concat(all), labels: new Uint16Array(n), height: size, width: size, channels: 3 },
    });
    expect(arraySource({ train: as(pictures), test: as(pictures) }, about).channels).toBe(3);
    expect(() => arraySource({ train: as(planes), test: as(planes) }, about)).toThrow(
      'the channels of a pixel must lie side by side, [n, height, width, channels], got what looks like whole planes',
    );
  });

  it('refuses options that contradict it', () =>
    expect(planDataset(arraySource({ train: set(20), test: set(4) }, about), { imageSize: 8 })).rejects.toThrow(
      'Cannot open data: dots has images of size 2, got 8',
    ));
});
