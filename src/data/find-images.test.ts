import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findImages } from './find-images.js';

let root = '';
const path = (...names: string[]) => join(root, ...names);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'find-'));
  for (const name of ['b.jpg', 'a.PNG', 'deep/er/c.webp', 'd.bmp', 'x[1].png', '.hidden.png', '__MACOSX/e.png'])
    write(name);
  for (const name of ['notes.txt', 'deep/list.csv', 'none/README', '.git/f.png']) write(name);
  mkdirSync(path('empty'));
  symlinkSync(root, path('deep', 'loop'));
  symlinkSync(path('gone.png'), path('link.png'));
});
const write = (name: string) => {
  mkdirSync(join(path(name), '..'), { recursive: true });
  writeFileSync(path(name), '');
};
afterAll(() => rmSync(root, { recursive: true }));

describe('findImages', () => {
  it('takes the images below a folder by name, in order, without hidden files, and follows links once', async () => {
    const { files, failures, leftOut } = await findImages([root]);
    const names = ['a.PNG', 'b.jpg', 'd.bmp', 'link.png', 'x[1].png', 'deep/er/c.webp'];
    expect(files).toEqual(names.map((name) => path(name)));
    expect(leftOut).toEqual(['notes.txt', 'deep/list.csv', 'none/README'].map((name) => path(name)));
    expect(failures).toEqual([]);
  });

  it('takes a file as it is, whatever its name, each once, and a name with brackets before a pattern', async () => {
    const named = [path('notes.txt'), path('x[1].png'), path('deep', '..', 'notes.txt')];
    expect(await findImages(named)).toEqual({ files: named.slice(0, 2), failures: [], leftOut: [] });
  });

  it.each([
    ['*.{jpg,PNG}', ['a.PNG', 'b.jpg']],
    ['**/*.webp', ['deep/er/c.webp']],
    ['?.bmp', ['d.bmp']],
    ['[ab].*', ['a.PNG', 'b.jpg']],
  ])('expands the pattern %s', async (pattern, names) => {
    const { files, failures } = await findImages([path(pattern)]);
    expect(failures).toEqual([]);
    expect(files).toEqual(names.map((name) => path(name)));
  });

  it('says of each path that leads to no image why, and finds the rest', async () => {
    const wrong = [path('gone.jpg'), path('*.gif'), path('empty'), path('none'), `${path('a')}\0`];
    const { files, failures } = await findImages([...wrong.slice(0, 2), path('b.jpg'), ...wrong.slice(2)]);
    expect(files).toEqual([path('b.jpg')]);
    expect(failures.map(({ file }) => file)).toEqual(wrong);
    const reasons = failures.map(({ reason }) => reason);
    expect(reasons[0]).toBe('there is no such file or folder; check the path');
    expect(reasons[1]).toBe('no file matches the pattern; check it');
    expect(reasons[2]).toBe('the folder has no images; give one that has');
    expect(reasons[3]).toBe(
      'the folder has no images, but 1 file of other names, such as README; where they are images, give them by a ' +
        `pattern: '${path('none', '*')}'`,
    );
    expect(reasons[4]).toMatch(/null bytes/);
  });
});
