import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fakeTraining } from '../../test/support/fake-runs.js';
import { tinyDataset } from '../../test/support/tiny.js';
import type { Mistaken, Seen } from '../loop/index.js';
import { createRun, readPictures } from '../run/index.js';
import { keepPictures } from './pictures.js';

const { test: set } = tinyDataset();
const image = { bytes: set.images.subarray(0, 192), height: 8, width: 8, channels: 3 };
const seen: readonly Seen[] = [
  { image, labels: [{ label: 0, share: 1 }] },
  {
    image,
    labels: [
      { label: 8, share: 0.4 },
      { label: 9, share: 0.6 },
    ],
  },
  {
    image,
    labels: [
      { label: 1, share: 0.5 },
      { label: 1, share: 0.5 },
    ],
  },
];
const live = { seen: () => ({ augment: 'crop(1)', images: seen }) };
const mistakes: readonly Mistaken[] = [0, 9].map((truth) => ({
  ...{ index: 7, image, truth, answer: 3, probability: 0.8, ofTruth: 0.1 },
}));

const root = mkdtempSync(join(tmpdir(), 'tailnas-pictures-'));
afterAll(() => rmSync(root, { recursive: true }));
const { info, evaluation } = fakeTraining({ name: 'a', label: 'A', seed: 0, epochs: 1 });
const folderOf = (name: string) => createRun(join(root, name), info);
if (evaluation === undefined) throw new Error('fakeTraining has a test');

describe('keepPictures', () => {
  it('leaves pictures as data and as files, the smallest class first, by the names of the classes', async () => {
    const folder = folderOf('whole');
    await keepPictures(live, { folder, evaluation, mistakes });
    folder.close();
    expect(readdirSync(join(folder.path, 'pictures')).sort()).toEqual([
      'augmented.png',
      'mistakes.png',
      'pictures.json',
    ]);
    const pictures = readPictures(folder.path);
    expect(pictures?.seen.map(({ classes }) => classes)).toEqual([
      [
        { name: 'truck', share: 0.6 },
        { name: 'ship', share: 0.4 },
      ],
      [{ name: 'car', share: 1 }],
      [{ name: 'plane', share: 1 }],
    ]);
    expect(pictures?.mistakes.map(({ name, testImages }) => [name, testImages])).toEqual([
      ['truck', 1000],
      ['plane', 1000],
    ]);
    const [row = []] = evaluation.confusion;
    expect(pictures?.mistakes[1]?.mistaken).toBe(1000 - (row[0] ?? 0));
    expect(pictures?.mistakes[0]?.shown).toMatchObject([{ index: 7, answer: 'cat', probability: 0.8, ofTruth: 0.1 }]);
  });

  it('notes in the log what goes wrong, and fails nothing', async () => {
    const folder = folderOf('blocked');
    writeFileSync(join(folder.path, 'pictures'), 'a file where the folder should be');
    await keepPictures(live, { folder, evaluation, mistakes });
    expect(readFileSync(join(folder.path, 'log.txt'), 'utf8')).toContain('pictures are missing: ');
    const broken = folderOf('broken');
    const throws = {
      seen: () => {
        throw new Error('no images here');
      },
    };
    await keepPictures(throws, { folder: broken, evaluation, mistakes });
    expect(readFileSync(join(broken.path, 'log.txt'), 'utf8')).toContain('pictures are missing: no images here');
    expect(existsSync(join(broken.path, 'pictures'))).toBe(false);
  });

  it('are read as nothing where there are none, and named where they are damaged', () => {
    expect(readPictures(root)).toBeUndefined();
    writeFileSync(join(root, 'whole', 'pictures', 'pictures.json'), '{"format": 1}');
    expect(() => readPictures(join(root, 'whole'))).toThrow(/Cannot read .*pictures\.json.*or delete it/);
  });
});
