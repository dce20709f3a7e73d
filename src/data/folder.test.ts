import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder } from './folder.js';
import { countLabels } from './source.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'folder-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Makes empty files: opening only lists, so none is decoded. */
const tree = async (name: string, sizes: Record<string, number>): Promise<string> => {
  for (const [folder, size] of Object.entries(sizes)) {
    await mkdir(join(root, name, folder), { recursive: true });
    for (let i = 0; i < size; i++) await writeFile(join(root, name, folder, `${i}.png`), '');
  }
  return join(root, name);
};

describe('openFolder', () => {
  it('lists train and test by class, without hidden files, following links', async () => {
    const path = await tree('pets', { 'train/dog': 3, 'train/cat': 2, 'test/cat': 1, 'test/dog': 2 });
    await writeFile(join(path, 'train/cat/.hidden'), '');
    await writeFile(join(path, 'train/README'), '');
    await mkdir(join(path, 'train/.cache'));
    await mkdir(join(path, 'elsewhere'));
    await symlink(join(path, 'test/dog'), join(path, 'train/emu'));
    await symlink(join(path, 'test/dog'), join(path, 'test/emu'));
    await symlink(join(path, 'gone'), join(path, 'train/fox'));
    const source = await openFolder(path);
    expect(source).toMatchObject({ name: 'pets', classes: ['cat', 'dog', 'emu'], imageSize: 32, channels: 3 });
    expect(source.augment).toBe('crop(4) + flip');
    expect([...source.trainLabels]).toEqual([0, 0, 1, 1, 1, 2, 2]);
    expect([...source.testLabels]).toEqual([0, 1, 1, 2, 2]);
    expect(source.leftOut?.map(({ file, reason }) => [relative(path, file), reason])).toEqual([
      ['elsewhere', 'a folder beside the parts'],
      ['train/.cache', 'hidden: its name begins with a dot'],
      ['train/README', 'no image but an empty file'],
      ['train/fox', `a link to ${join(path, 'gone')}, which is not there`],
      ['train/cat/.hidden', 'hidden: its name begins with a dot'],
    ]);
  });

  it('loads the images that are asked for, in that order', async () => {
    const path = await tree('shades', { 'train/a': 0, 'train/b': 0, 'test/a': 1, 'test/b': 1 });
    for (const [index, file] of ['a/0', 'a/1', 'b/0', 'b/1'].entries()) {
      const background = { r: 10 * index, g: 0, b: 0 };
      await sharp({ create: { width: 4, height: 4, channels: 3, background } })
        .png()
        .toFile(join(path, 'train', `${file}.png`));
    }
    const source = await openFolder(path, { imageSize: 4 });
    const { images, labels, height, width, channels } = await source.load('train', Uint32Array.of(3, 1));
    expect([height, width, channels]).toEqual([4, 4, 3]);
    expect([...labels]).toEqual([1, 0]);
    expect([images[0], images[48]]).toEqual([30, 10]);
    await writeFile(join(path, 'train/a/1.png'), 'broken');
    const rest = await source.load('train', Uint32Array.of(1, 3));
    expect(rest).toMatchObject({
      labels: Uint16Array.of(1),
      kept: Uint32Array.of(1),
      skipped: [{ file: join(path, 'train/a/1.png'), reason: 'it is no image but text' }],
    });
  });

  it('deals out a test part of each class, the same one every time', async () => {
    for (const path of [await tree('flat', { a: 10, b: 5 }), dirname(await tree('deep/train', { a: 10, b: 5 }))]) {
      const source = await openFolder(path, { testShare: 0.2 });
      expect(countLabels(source.trainLabels, 2)).toEqual([8, 4]);
      expect(countLabels(source.testLabels, 2)).toEqual([2, 1]);
    }
    const names = async () => {
      const source = await openFolder(join(root, 'flat'), { testShare: 0.2 });
      return (await source.load('test', Uint32Array.of(0, 1, 2))).skipped;
    };
    expect(await names()).toHaveLength(3);
    expect(await names()).toEqual(await names());
  });

  it.each(['a', 'train/a'])(
    'sets a fifth of each class aside for the test where there are no test images: %s',
    async (first) => {
      const path = await tree(`fifth-${first.length}`, { [first]: 10, [first.replace(/a$/, 'b')]: 5 });
      const source = await openFolder(path);
      expect(source.testShare).toBe(0.2);
      expect([...source.testLabels]).toEqual([0, 0, 1]);
      expect((await openFolder(path, { testShare: 0.4 })).testShare).toBe(0.4);
    },
  );

  it('takes a class called "train" for a class', async () => {
    const source = await openFolder(await tree('traffic', { car: 4, train: 4 }), { testShare: 0.25 });
    expect(source.classes).toEqual(['car', 'train']);
  });

  it.each<[string, Record<string, number>, string]>([
    ['empty', { 'train/a': 4, 'train/b': 0, 'test/a': 1, 'test/b': 1 }, 'has 0 images, at least 2 are needed'],
    ['one', { 'train/a': 4, 'train/cat': 1, 'test/a': 1, 'test/cat': 1 }, 'class "cat" in '],
    ['untested', { 'train/a': 4, 'train/b': 4, 'test/a': 1, 'test/b': 0 }, 'has 0 images, at least 1 is needed'],
    ['single', { 'train/a': 4, 'test/a': 4 }, 'has only 1 class folder ("a"), at least 2 are needed'],
    ['differs', { 'train/a': 4, 'train/b': 4, 'test/a': 1, 'test/b': 1, 'test/c': 1 }, 'class "c" is in '],
    ['nested', { 'train/a': 4, 'train/b/x': 4, 'test/a': 1, 'test/b': 1 }, 'is a folder inside a class folder'],
  ])('refuses %s', async (name, sizes, message) => {
    const path = await tree(name, sizes);
    await expect(openFolder(path)).rejects.toThrow(message);
    await expect(openFolder(path)).rejects.toThrow(path);
  });

  it('refuses options that do not fit', async () => {
    const path = await tree('fit', { 'train/a': 2, 'train/b': 2, 'test/a': 1, 'test/b': 1 });
    await expect(openFolder(path, { testShare: 0.2 })).rejects.toThrow('has a test folder of its own');
    await expect(openFolder(path, { imageSize: 0 })).rejects.toThrow('image size must be an integer >= 1, got 0');
    const small = await tree('small', { a: 2, b: 9 });
    await expect(openFolder(small, { testShare: 0.2 })).rejects.toThrow('class "a"');
    await expect(openFolder(small, { testShare: 0.2 })).rejects.toThrow('has 2 images, at least 3 are needed');
  });
});
