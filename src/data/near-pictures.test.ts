import { describe, expect, it } from 'vitest';
import { nearPictures } from './near-pictures.js';
import { Rng } from './rng.js';
import type { ImageSet } from './source.js';

const SIZE = 32;
type Picture = (x: number, y: number, c: number) => number;

/** A smooth picture of its own for each seed. */
const scene = (seed: number): Picture => {
  const rng = new Rng(seed);
  const waves = Array.from(
    { length: 12 },
    () => [rng.uniform() - 0.5, rng.uniform() - 0.5, 6 * rng.uniform()] as const,
  );
  return (x, y, c) =>
    128 + waves.reduce((sum, [a, b, p]) => sum + 18 * Math.sin((30 * (a * x + b * y)) / SIZE + p + c), 0);
};
const noisy = (picture: Picture, seed: number): Picture => {
  const rng = new Rng(seed);
  return (x, y, c) => picture(x, y, c) + 6 * rng.uniform() - 3;
};
const setOf = (pictures: readonly (readonly [Picture, number])[]): ImageSet => {
  const images = pictures.flatMap(([picture]) =>
    Array.from({ length: SIZE * SIZE * 3 }, (_, i) =>
      picture(Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE), i % 3),
    ),
  );
  const labels = Uint16Array.from(pictures, ([, label]) => label);
  return { images: new Uint8Array(Uint8ClampedArray.from(images)), labels, height: SIZE, width: SIZE, channels: 3 };
};
const nameOf = (set: string, place: number): string => `${set}-${place}`;
const scenes = (first: number, count: number) =>
  Array.from({ length: count }, (_, i) => [scene(first + i), i % 2] as const);

describe('nearly equal pictures', () => {
  it('are found across parts and under two labels, with their difference, and equal ones are not among them', () => {
    const train = setOf([...scenes(0, 20), [noisy(scene(3), 1), 0]]);
    const valid = setOf([[scene(5), 1], ...scenes(40, 5)]);
    const test = setOf([[noisy(scene(7), 2), 1], ...scenes(60, 20)]);
    const { pairs, texts } = nearPictures({ train, valid, test }, { nameOf });
    expect(pairs.map(({ files, sets, twoLabels }) => ({ files, sets, twoLabels }))).toEqual(
      expect.arrayContaining([
        { files: ['train-7', 'test-0'], sets: ['train', 'test'], twoLabels: false },
        { files: ['train-3', 'train-20'], sets: ['train', 'train'], twoLabels: true },
      ]),
    );
    expect(pairs).toHaveLength(2); // valid-0 equals train-5 to the pixel
    for (const { difference } of pairs) expect(difference).toBeGreaterThan(0.5);
    expect(texts).toEqual([
      '1 pair of nearly equal images in different parts (train-7 and test-0): see near-duplicates.json',
      '1 pair of nearly equal images under two classes (train-3 and train-20)',
    ]);
  });

  it('are none where pictures only look alike in brightness, or have no contrast', () => {
    const flat =
      (value: number): Picture =>
      () =>
        value;
    const train = setOf([...scenes(0, 30), [flat(100), 0]]);
    const test = setOf([...scenes(100, 30), [flat(101), 1]]);
    const valid = setOf([]);
    const { pairs, texts } = nearPictures({ train, valid, test }, { nameOf });
    expect(pairs).toEqual([]);
    expect(texts).toEqual(['no nearly equal images in different parts or under two classes']);
  });
});
