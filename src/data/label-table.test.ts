import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder } from './folder.js';
import { parseTable } from './label-table.js';

let base = '';
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'table-'));
});
afterAll(() => rmSync(base, { recursive: true }));

let made = 0;
const tree = (files: readonly string[], table: string, name = 'labels.csv') => {
  const root = join(base, `t${made++}`);
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  writeFileSync(join(root, name), table);
  return { root, open: (options = {}) => openFolder(root, { labels: join(root, name), ...options }) };
};
const names = (folder: string, n: number) => Array.from({ length: n }, (_, i) => `${folder}${i}.png`);

describe('parseTable', () => {
  it.each([
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a;b\r\n"x;y";"say ""hi"""\r\n\r\n',
      [
        ['a', 'b'],
        ['x;y', 'say "hi"'],
      ],
    ],
    [
      'a\tb\n"line\nend"\t',
      [
        ['a', 'b'],
        ['line\nend', ''],
      ],
    ],
    ['', []],
  ])('reads %j', (text, rows) => expect(parseTable(text)).toEqual(rows));
});

describe('--labels', () => {
  it('labels the images of a competition by their names without endings, in the folder of the table', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => `${i},${i < 6 ? 'dog' : 'cat'}`);
    const { root, open } = tree(
      [...names('train/', 10), ...names('test/', 10)],
      `id,label\n${rows.join('\n')}\n`,
      'train.csv',
    );
    const source = await open({ testShare: 0.25 });
    expect(source.classes).toEqual(['cat', 'dog']);
    expect([source.trainLabels.length, source.testLabels.length]).toEqual([7, 3]);
    for (const [i, label] of source.trainLabels.entries()) {
      const file = relative(root, source.fileOf?.('train', i) ?? '');
      expect(file).toMatch(label === 1 ? /^train\/[0-5]\.png$/ : /^train\/[6-9]\.png$/);
    }
    expect((source.leftOut ?? []).map(({ reason }) => reason)).toEqual(
      new Array(10).fill('an image that the table does not name'),
    );
  });

  it('takes parts from the table, and counts rows without an image', async () => {
    const parts = ['train', 'training', 'val', 'test'];
    const rows = ['a', 'b'].flatMap((c, k) => parts.map((split, i) => `img/${4 * k + i}.png,${c},${split}`));
    const { open } = tree([...names('img/', 8)], `file_name,class,split\n${rows.join('\n')}\ngone.png,a,train\n`);
    const source = await open();
    expect([...source.trainLabels]).toEqual([0, 0, 1, 1]);
    expect([...(source.validLabels ?? [])]).toEqual([0, 1]);
    expect([...source.testLabels]).toEqual([0, 1]);
    expect(source.testShare).toBeUndefined();
    expect(source.leftOut).toEqual([{ file: 'gone.png', reason: 'a row without its image' }]);
  });

  it.each<[string, readonly string[], string, string]>([
    ['no column of labels', names('', 4), 'file,width,height\n0.png,1,2\n', 'must have a column "label" or "class"'],
    ['two labels', names('', 4), 'f,l\n0.png,a\n0.png,b\n', 'two labels, "a" and "b"'],
    ['other images', names('', 4), 'f,l\n0.png,a\nx.png,b\ny.png,a\n', '2 of 3 rows of '],
    ['one of two images', [...names('a/', 1), ...names('b/', 1)], 'f,l\n0.png,a\n', 'write the path in the table'],
    ['too few', names('', 4), 'f,l\n0.png,a\n1.png,b\n2.png,b\n3.png,b\n', 'class "a" of '],
  ])('refuses %s', async (_, files, table, message) => {
    await expect(tree(files, table).open()).rejects.toThrow(message);
  });
});
