import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder } from './folder.js';
import type { DataSource, Part } from './source.js';

let base = '';
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'layout-'));
});
afterAll(() => rmSync(base, { recursive: true }));

let made = 0;
/** Makes empty files; opening only lists, so none is decoded. */
const tree = (files: readonly string[]): string => {
  const root = join(base, `tree-${made++}`);
  mkdirSync(root);
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  return root;
};

const STATES = ['absent', 'flat', 'classes', 'mixed'] as const;
type State = (typeof STATES)[number];

const images = (folder: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${folder}/${i}.png`);
const part = (name: string, state: State): string[] => [
  ...(state === 'flat' || state === 'mixed' ? images(name, 2) : []),
  ...(state === 'classes' || state === 'mixed' ? [...images(`${name}/ant`, 5), ...images(`${name}/bee`, 4)] : []),
];

const below = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));

const labelsOf = (source: DataSource, of: Part): Uint16Array =>
  of === 'train' ? source.trainLabels : of === 'test' ? source.testLabels : (source.validLabels ?? new Uint16Array());

/** Throws unless every file is used once, or left out by its name or by that of a folder around it. */
const requireAccount = (root: string, source: DataSource): void => {
  const used = (['train', 'valid', 'test'] as const).flatMap((of) =>
    Array.from(labelsOf(source, of).keys(), (i) => source.fileOf?.(of, i) ?? ''),
  );
  expect(new Set(used).size).toBe(used.length);
  const left = (source.leftOut ?? []).map(({ file }) => file);
  for (const file of below(root)) {
    const reasons = left.filter((out) => file === out || file.startsWith(`${out}/`)).length;
    expect([relative(root, file), used.includes(file) ? 1 + reasons : reasons]).toEqual([relative(root, file), 1]);
  }
};

const labelled = (state: State): boolean => state === 'classes' || state === 'mixed';

const every = STATES.flatMap((train) =>
  STATES.flatMap((valid) => STATES.map((test) => [train, valid, test] as [State, State, State])),
);

describe.each([
  { train: 'train', valid: 'val', test: 'test', around: '' },
  { train: 'TRAIN', valid: 'Validation', test: 'Testing', around: 'dataset/' },
  { train: 'training_set', valid: 'valid', test: 'test-images', around: 'a/b/' },
])('parts called $train, $valid and $test in $around', (names) => {
  it.each(every)('with train %s, validation %s, test %s', async (train, valid, test) => {
    const root = tree([
      ...[...part(names.train, train), ...part(names.valid, valid), ...part(names.test, test)].map(
        (file) => names.around + file,
      ),
      'README.txt',
    ]);
    const opened = openFolder(root);
    if (!labelled(train)) {
      const flat = [train, valid, test].includes('flat');
      const rule =
        train === 'flat' || (flat && !labelled(valid) && !labelled(test))
          ? 'no class folders, so nothing says what'
          : labelled(valid) || labelled(test)
            ? 'but none to train on'
            : 'at least 2 are needed';
      await expect(opened).rejects.toThrow(rule);
      return;
    }
    const source = await opened;
    requireAccount(root, source);
    expect(source.classes).toEqual(['ant', 'bee']);
    const ofTest = labelled(test) ? [5, 4] : [1, 1];
    const counts = (of: Part): number[] => [0, 1].map((c) => labelsOf(source, of).filter((l) => l === c).length);
    expect(counts('test')).toEqual(ofTest);
    expect(counts('train')).toEqual(labelled(test) ? [5, 4] : [4, 3]);
    expect(counts('valid')).toEqual(labelled(valid) ? [5, 4] : [0, 0]);
    expect(source.validLabels === undefined).toBe(!labelled(valid));
    expect(source.testShare).toBe(labelled(test) ? undefined : 0.2);
    const at = (name: string): string => names.around + name;
    expect(source.parts).toEqual({
      train: at(names.train),
      ...(labelled(valid) ? { valid: at(names.valid) } : {}),
      ...(labelled(test) ? { test: at(names.test) } : {}),
    });
    const reasons = (source.leftOut ?? []).map(({ reason }) => reason);
    const loose = [train, valid, test].filter((state) => state === 'mixed').length;
    expect(reasons.filter((reason) => reason === 'an image in no class folder')).toHaveLength(2 * loose);
    const unlabelled = [valid, test].filter((state) => state === 'flat').length;
    expect(reasons.filter((reason) => reason.startsWith('a part without class folders'))).toHaveLength(unlabelled);
    expect(reasons.at(0)).toBeDefined(); // README.txt
  });
});

describe('layouts', () => {
  it('finds the parts of GTSRB as it is unpacked, whose test images have no labels', async () => {
    const root = tree([
      ...images('GTSRB/Final_Training/Images/00000', 4),
      ...images('GTSRB/Final_Training/Images/00001', 5),
      'GTSRB/Final_Training/Images/00000/GT-00000.csv',
      'GTSRB/Readme.txt',
      ...images('GTSRB/Final_Test/Images', 3),
    ]);
    const source = await openFolder(root);
    requireAccount(root, source);
    expect(source.parts).toEqual({ train: 'GTSRB/Final_Training/Images' });
    expect(source.leftOut?.map(({ reason }) => reason)).toContain(
      'a part without class folders: nothing says what its 3 images are',
    );
  });

  it('takes one flat folder named like a part for a class, where others beside it are classes', async () => {
    const source = await openFolder(tree([...images('car', 4), ...images('train', 5), ...images('plane', 4)]));
    expect(source.classes).toEqual(['car', 'plane', 'train']);
    expect(source.parts).toEqual({ train: '.' });
  });

  it('names system files, loose images and folders beside the parts', async () => {
    const root = tree([
      ...part('train', 'classes'),
      ...part('test', 'classes'),
      ...['__MACOSX/ant/._0.png', '.DS_Store', 'train/ant/Thumbs.db', 'train/ant/empty/notes.txt', 'loose.png'],
      ...images('more/ant', 2),
    ]);
    const source = await openFolder(root);
    requireAccount(root, source);
    expect((source.leftOut ?? []).map(({ file, reason }) => `${relative(root, file)}: ${reason}`).sort()).toEqual([
      '.DS_Store: hidden: its name begins with a dot',
      '__MACOSX: a file of the system',
      'loose.png: an image in no class folder',
      'more: a folder beside the parts',
      'train/ant/Thumbs.db: a file of the system',
      'train/ant/empty: a folder without images inside a class folder',
    ]);
  });

  it.each<[string, readonly string[], string]>([
    ['two training parts', [...part('train', 'classes'), ...part('Train', 'classes')], 'has two parts of one kind'],
    [
      'a table beside images without folders',
      [...images('train', 3), ...images('test', 2), 'train.csv'],
      'name the table that has the labels: --labels',
    ],
    [
      'classes beside a test part',
      [...images('ant', 3), ...images('bee', 3), ...part('test', 'classes')],
      'move "ant", "bee" into',
    ],
    ['a class without images', [...images('ant', 3), 'bee/notes.txt'], 'has 0 images (and 1 entry left out, such as'],
    ['years of classes', [...images('1999/ant', 3), ...images('2000/ant', 3)], 'folder inside a class folder'],
  ])('refuses %s with a way out', async (_, files, message) => {
    await expect(openFolder(tree(files))).rejects.toThrow(message);
  });

  it('matches classes of parts in other case, with spaces and other accents, and says so', async () => {
    const train = [...images('train/ant', 3), ...images('train/café', 3), ...images('train/x', 3)];
    const test = [...images('test/Ant ', 1), ...images(`test/${'café'.normalize('NFD')}`, 2), ...images('test/x', 3)];
    const source = await openFolder(tree([...train, ...test]));
    expect(source.classes).toEqual(['ant', 'café', 'x']);
    expect([...source.testLabels]).toEqual([0, 1, 1, 2, 2, 2]);
    expect(source.notes).toEqual([expect.stringMatching(/^"Ant " in .*test is taken for class "ant"$/)]);
    for (const [i, label] of source.testLabels.entries())
      expect(source.fileOf?.('test', i)).toMatch([/Ant /, /cafe\u0301/, /\/x\//][label] ?? /none/);
    const two = tree([...images('ant', 3), ...images('Ant', 3), ...images('bee', 3)]);
    expect((await openFolder(two)).notes?.[0]).toContain('"Ant" and "ant" of ');
  });

  it('names what is neither a file nor a folder, and names that are not UTF-8', async () => {
    const root = tree([...images('ant', 3), ...images('bee', 3)]);
    execFileSync('mkfifo', [join(root, 'ant/pipe'), join(root, 'ant/pipe.png')]);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/ant/caf`), Buffer.of(0xe9), Buffer.from('.png')]), '');
    symlinkSync(join(root, 'loop'), join(root, 'loop'));
    const source = await openFolder(root);
    expect(source.trainLabels.length + source.testLabels.length).toBe(7); // ant/pipe.png is refused when it is read
    expect((source.leftOut ?? []).map(({ reason }) => reason).sort()).toEqual([
      expect.stringMatching(/^a link to .*loop, which is not there$/),
      'a named pipe, not a file',
      'its name is not UTF-8; rename it (convmv -f latin1 -t utf8)',
    ]);
    const all = Uint32Array.from(source.trainLabels.keys());
    const { skipped } = await source.load('train', all);
    expect(skipped.map(({ reason }) => reason)).toContain('it is a named pipe, not a file');
    expect(await source.check?.('train', all)).toEqual(skipped);
  });
});
