import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planDataset } from './dataset.js';
import { samePictures } from './same-pictures.js';
import { arraySource } from './source.js';

/** Images of 1 × 2 pixels; those of one letter are equal, a dot is of one colour. */
const set = (pictures: string, labels: readonly number[]) => ({
  images: Uint8Array.from([...pictures].flatMap((p) => (p === '.' ? [7, 7] : [p.charCodeAt(0), 0]))),
  labels: Uint16Array.from(labels),
  height: 1,
  width: 2,
  channels: 1,
});
const nameOf = (of: string, place: number) => `${of}/${place}`;

describe('pictures that are there twice', () => {
  it('are counted between parts and under two labels, with the first of them named', () => {
    const sets = {
      train: set('abcd.', [0, 0, 1, 1, 0]),
      valid: set('ae', [0, 1]),
      test: set('bcf.cb', [0, 0, 1, 1, 1, 0]),
    };
    const { found, texts } = samePictures(sets, { nameOf });
    expect(found).toEqual({ testInTrain: 4, validInTrain: 1, twoLabels: 1, blank: 2, grey: 0 });
    expect(texts).toEqual([
      '4 images of the test are among those trained or validated on, pixel by pixel (train/1 and test/0): ' +
        'they make the test result too good',
      '1 image of the validation is among those trained on, pixel by pixel (train/0 and valid/0)',
      '1 image stands under two classes (train/2 and test/1): one of the two is wrong',
      '2 images are of one colour only: there is nothing to see',
    ]);
  });

  it('in the test are seen among those that validate as well; grey ones are counted beside coloured ones', () => {
    const colour = {
      images: Uint8Array.of(5, 5, 5, 9, 9, 9),
      labels: Uint16Array.of(0),
      height: 1,
      width: 2,
      channels: 3,
    };
    const other = { ...colour, images: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    const { found } = samePictures({ train: other, valid: colour, test: colour }, { nameOf });
    expect(found).toEqual({ testInTrain: 1, validInTrain: 0, twoLabels: 0, blank: 0, grey: 2 });
  });

  it('are not seen where all differ', () => {
    const sets = { train: set('ab', [0, 1]), valid: set('', []), test: set('cd', [0, 1]) };
    expect(samePictures(sets, { nameOf }).texts).toEqual([]);
  });
});

describe('equal images, before any is decoded', () => {
  it('are found by the bytes of their files', async () => {
    const root = mkdtempSync(join(tmpdir(), 'same-'));
    const grey = (...values: number[]) =>
      Buffer.from(`P5 2 ${values.length / 2} 255\n${String.fromCharCode(...values)}`);
    try {
      for (const folder of ['train/a', 'train/b', 'val/a', 'val/b', 'test/a', 'test/b'])
        mkdirSync(join(root, folder), { recursive: true });
      const write = (file: string, ...values: number[]) => writeFileSync(join(root, file), grey(...values));
      for (const [file, value] of [
        ['a/1', 1],
        ['a/2', 2],
        ['b/1', 3],
        ['b/2', 4],
      ] as const)
        for (const [part, n] of [
          ['train', 0],
          ['val', 10],
          ['test', 20],
        ] as const)
          write(`${part}/${file}.pgm`, value + n, 0);
      const plan = () => planDataset(root, { imbalance: 'natural' });
      expect(await (await plan()).same()).toEqual([]);
      write('test/b/3.pgm', 1, 0, 0, 0); // begins as another does
      cpSync(join(root, 'train/a/1.pgm'), join(root, 'test/b/4.pgm'));
      cpSync(join(root, 'train/a/2.pgm'), join(root, 'val/a/3.pgm'));
      writeFileSync(join(root, 'test/a/3.pgm'), ''); // told of by check()
      const own = (file: string) => expect.stringContaining(join(root, file));
      const found = await (await plan()).same();
      expect(found).toEqual([own('train/a/1.pgm'), own('train/a/2.pgm'), own('test/b/4.pgm')]);
      expect(found[0]).toMatch(/^1 image of the test is among those trained or validated on, byte by byte \(/);
      expect(found[1]).toMatch(/^1 image of the validation is among those trained on, byte by byte \(/);
      expect(found[2]).toMatch(/^1 image stands under two classes \(/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('are found by the pixels of a set in memory, but for those of one colour', async () => {
    const about = { name: 'tiny', classes: ['a', 'b'] };
    // Square, as a source wants them.
    const square = (pictures: string, labels: readonly number[]) => ({
      ...set(pictures.replaceAll(/./g, '$&$&'), labels),
      height: 2,
    });
    const train = square('abde.', [0, 1, 0, 1, 0]);
    const sets = { train, valid: square('.c', [0, 1]), test: square('.c', [0, 1]) };
    expect(await (await planDataset(arraySource(sets, about))).same()).toEqual([
      '1 image of the test is among those trained or validated on, byte by byte (valid image 1 and test image 1): ' +
        'they make the test result too good',
    ]);
  });
});
