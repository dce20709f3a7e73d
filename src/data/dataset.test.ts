import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PlanOptions, planDataset } from './dataset.js';
import type { ImageSet } from './source.js';

let root = '';
let pets = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dataset-'));
  pets = await makeFolder('pets');
});
afterAll(() => rm(root, { recursive: true }));

/**
 * Two classes of 20 images to train and 4 to test; every image has its own grey: its number, times ten where it is a
 * test image.
 */
const makeFolder = async (name: string): Promise<string> => {
  for (const [part, size] of [
    ['train', 20],
    ['test', 4],
  ] as const) {
    for (const [label, animal] of ['cat', 'dog'].entries()) {
      await mkdir(join(root, name, part, animal), { recursive: true });
      for (let i = 0; i < size; i++) {
        const grey = (1 + i + size * label) * (part === 'test' ? 10 : 1);
        const image = sharp({
          create: { width: 4, height: 4, channels: 3, background: { r: grey, g: grey, b: grey } },
        });
        await image.png().toFile(join(root, name, part, animal, `${String(i).padStart(2, '0')}.png`));
      }
    }
  }
  return join(root, name);
};

const open = (path: string, options: PlanOptions = {}) =>
  planDataset(path, { imageSize: 4, imbalanceRatio: 4, ...options });
const greys = ({ images }: ImageSet) => Array.from({ length: images.length / 48 }, (_, i) => images[48 * i] ?? -1);

describe('planDataset', () => {
  it('thins and splits the training images, and leaves the test images whole', async () => {
    const plan = await open(pets);
    const counts = { train: [16, 4], valid: [4, 1], test: [4, 4] };
    expect(plan).toMatchObject({ name: 'pets', classes: ['cat', 'dog'], channels: 3, imageSize: 4, counts });
    const data = await plan.load();
    expect(data.counts).toEqual(counts);
    const used = [...greys(data.train), ...greys(data.valid)];
    expect(new Set(used).size).toBe(25);
    for (const set of [data.train, data.valid]) {
      expect([...set.labels]).toEqual(greys(set).map((grey) => (grey > 20 ? 1 : 0)));
    }
    expect(greys(data.test)).toEqual([10, 20, 30, 40, 50, 60, 70, 80]);
  });

  it('can train on the images that would validate too', async () => {
    const split = await (await open(pets)).load();
    const plan = await open(pets, { split: 'all' });
    const counts = { train: [20, 5], valid: [0, 0], test: [4, 4] };
    expect(plan.counts).toEqual(counts);
    const all = await plan.load();
    expect(all).toMatchObject({ counts, fit: 'cover', channels: 3, imageSize: 4, augment: 'crop(1) + flip' });
    expect(all.valid.labels).toHaveLength(0);
    expect(greys(all.train)).toEqual([...greys(split.train), ...greys(split.valid)].sort((a, b) => a - b));
    expect(all.fingerprint).not.toBe(split.fingerprint);
  });

  it('measures mean and deviation on the training part alone', async () => {
    const { train, mean, std } = await (await open(pets)).load();
    const values = greys(train).map((grey) => grey / 255);
    const average = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
    for (const channel of [0, 1, 2]) {
      expect(mean[channel]).toBeCloseTo(average, 12);
      expect(std[channel]).toBeCloseTo(Math.sqrt(variance), 12);
    }
  });

  it('has one fingerprint for the same data, and another for any change', async () => {
    const print = async (options: PlanOptions = {}) => (await (await open(pets, options)).load()).fingerprint;
    const first = await print();
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await print()).toBe(first);
    const others = await Promise.all([
      print({ seed: 1 }),
      print({ imbalanceRatio: 2 }),
      print({ validShare: 0.3 }),
      print({ channels: 1 }),
    ]);
    expect(new Set([first, ...others]).size).toBe(5);
  });

  it('tells how far the loading of all parts is', async () => {
    const seen: string[] = [];
    await (await open(pets, { onProgress: ({ done, total }) => seen.push(`${done}/${total}`) })).load();
    expect(seen).toEqual(Array.from({ length: 33 }, (_, i) => `${i + 1}/33`));
  });

  it('plans without decoding, then names the first file that cannot be read, or counts without it', async () => {
    const path = await makeFolder('broken');
    const file = join(path, 'test', 'dog', '02.png');
    await writeFile(file, 'broken');
    await expect((await open(path)).load()).rejects.toThrow(file);
    const plan = await open(path, { skipCorrupt: true });
    expect(plan.counts.test).toEqual([4, 4]);
    const data = await plan.load();
    expect(data.counts.test).toEqual([4, 3]);
    expect(data.skipped).toEqual([{ file, reason: 'it is no image but text', part: 'test', class: 'dog' }]);
    expect(greys(data.test)).toEqual([10, 20, 30, 40, 50, 60, 80]);
  });

  it('refuses to go on when a class lost everything', async () => {
    const path = await makeFolder('lost');
    for (let i = 0; i < 4; i++) await writeFile(join(path, 'test', 'dog', `0${i}.png`), '');
    const plan = await open(path, { skipCorrupt: true });
    await expect(plan.load()).rejects.toThrow(
      'class "dog" has no image left in the test part (4 unreadable files skipped)',
    );
  });

  it('passes on what long tails and splits refuse, with class names', async () => {
    await expect(open(pets, { imbalanceRatio: 20 })).rejects.toThrow('class "dog" at imbalance ratio 20 gets 1 image');
    await expect(open(pets, { imbalanceRatio: 20 })).rejects.toThrow('use a ratio of 10 or less');
    await expect(open(pets, { validShare: 1 })).rejects.toThrow('between 0 and 1, got 1');
    await expect(open(pets, { seed: -1 })).rejects.toThrow('seed must be an integer >= 0, got -1');
  });

  it('fills a tail that was made with other images of the class where some cannot be read', async () => {
    const path = await makeFolder('filled');
    const plan = await open(path);
    const [whole] = [await plan.load()];
    // Of each class one of those that train and one that validates are spoilt, and one that would take their place.
    const used = [...greys(whole.train), ...greys(whole.valid)].sort((a, b) => a - b);
    const dogs = used.filter((grey) => grey > 20);
    for (const grey of dogs.slice(0, 2))
      await writeFile(join(path, 'train', 'dog', `${String(grey - 21).padStart(2, '0')}.png`), 'x');
    await expect((await open(path)).load()).rejects.toThrow(
      /^Cannot load data: 2 of 33 images cannot be read \(2 of class "dog"\):\n {2}.*: it is no.*\n.*\n.*--skip/,
    );
    const filled = await (await open(path, { skipCorrupt: true })).load();
    expect(filled.counts).toEqual(whole.counts);
    expect(filled.skipped).toHaveLength(2);
    const now = [...greys(filled.train), ...greys(filled.valid)];
    expect(new Set(now).size).toBe(25);
    expect(now.filter((grey) => dogs.slice(0, 2).includes(grey))).toEqual([]);
    expect(now.filter((grey) => grey <= 20).sort((a, b) => a - b)).toEqual(used.filter((grey) => grey <= 20));
    for (const set of [filled.train, filled.valid]) {
      expect([...set.labels]).toEqual(greys(set).map((grey) => (grey > 20 ? 1 : 0)));
      expect([...greys(set)]).toEqual(greys(set).toSorted((a, b) => a - b));
    }
    const natural = await (await open(path, { skipCorrupt: true, imbalance: 'natural' })).load();
    expect(natural.counts.train[1] ?? 0).toBeLessThanOrEqual(16);
    expect(await (await open(path)).check()).toHaveLength(2);
  });
});
