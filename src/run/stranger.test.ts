import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { info, recordOf, resultOf } from '../../test/support/run-files.js';
import {
  createRun,
  fitPartDir,
  isFit,
  listCells,
  openRun,
  readFitOutcome,
  readFitPlan,
  readPictures,
  runDirOf,
  writeCells,
  writePictures,
} from './index.js';

let base = '';
let dir = '';
let mine = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tailnas-stranger-'));
  dir = join(base, 'run');
  mine = join(base, 'mine');
  mkdirSync(mine);
  writeFileSync(join(mine, 'precious'), 'precious\n');
  const run = createRun(dir, info);
  run.appendRecord(recordOf(0));
  run.log('one');
  run.checkpoints.save({ epoch: 1, step: 0 }, [Uint8Array.of(1)]);
  run.writeGenotype({ backbone: { normal: { nodes: [], concat: [0] } } });
  run.close();
});
afterEach(() => rmSync(base, { recursive: true }));

/** All that lies outside the run folder is as it was. */
const untouched = (): void => {
  expect(readdirSync(base).sort()).toEqual(['mine', 'run']);
  expect(readdirSync(mine)).toEqual(['precious']);
  expect(readFileSync(join(mine, 'precious'), 'utf8')).toBe('precious\n');
};

/** Does all that is done to a run folder. Each must be refused or leave everything else alone. */
const everything: readonly (readonly [string, () => unknown])[] = [
  ['read', () => openRun(dir).records()],
  ['genotype', () => openRun(dir).readGenotype()],
  ['evaluation', () => openRun(dir).readEvaluation()],
  ['pictures', () => readPictures(dir)],
  ['cells', () => listCells(dir)],
  ['failure', () => openRun(dir).failure()],
  ['checkpoint', () => openRun(dir).checkpoints.newest()],
  ['fit', () => isFit(dir) && readFitPlan(dir)],
  ['end of a fit', () => readFitOutcome(dir)],
  ['best of a fit', () => runDirOf(dir)],
  [
    'write',
    () => {
      const run = openRun(dir, { write: true });
      try {
        for (const each of [
          () => run.log('rm -rf ~'),
          () => run.truncateRecords(({ epoch }) => epoch < 1),
          () => run.appendRecord(recordOf(1)),
          () => run.writeGenotype({}),
          () => run.writeEvaluation(resultOf()),
          ...[2, 3, 4, 5].map((epoch) => () => run.checkpoints.save({ epoch, step: 0 }, [Uint8Array.of(epoch)])),
          () => writeCells(dir, { 'a.svg': '<svg/>' }),
          () => writePictures(dir, { format: 1, imageSize: 8, augment: '', seen: [], mistakes: [] }, {}),
        ])
          attempt(each);
      } finally {
        run.close();
      }
    },
  ],
];

const attempt = (work: () => unknown): string => {
  try {
    work();
    return 'done';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const replaceBy = (name: string, put: (path: string) => void): void => {
  rmSync(join(dir, name), { recursive: true, force: true });
  put(join(dir, name));
};

const FILES = ['run.json', 'metrics.jsonl', 'genotype.json', 'evaluation.json', 'log.txt', 'fit.json', 'result.json'];
const FOLDERS = ['checkpoints', 'cells', 'pictures'];

describe('a run folder of a stranger', () => {
  it.each(FILES)('has a link in place of %s: nothing is read or written through it', (name) => {
    const content = existsSync(join(dir, name)) ? readFileSync(join(dir, name)) : '{}';
    writeFileSync(join(mine, 'precious'), content);
    replaceBy(name, (path) => symlinkSync(join(mine, 'precious'), path));
    for (const [, work] of everything) attempt(work);
    expect(readFileSync(join(mine, 'precious')).equals(Buffer.from(content))).toBe(true);
    expect(readdirSync(mine)).toEqual(['precious']);
  });

  it('says which link it does not follow', () => {
    replaceBy('log.txt', (path) => symlinkSync(join(mine, 'precious'), path));
    const run = openRun(dir, { write: true });
    expect(() => run.log('text of run.json')).toThrow(
      `Cannot use ${join(dir, 'log.txt')}: it must be a file, it is a link, and links in a run folder are not ` +
        'followed; put the file itself in its place',
    );
    run.logFailure(new Error('must not hide what went wrong'));
    run.close();
    untouched();
    replaceBy('metrics.jsonl', (path) => symlinkSync(join(mine, 'precious'), path));
    expect(() => openRun(dir).records()).toThrow('it is a link');
    expect(() => openRun(dir, { write: true })).toThrow('it is a link');
    untouched();
  });

  it.each(FOLDERS)('has a link in place of %s: nothing is written, swept or removed there', (name) => {
    const names = ['.tmp-1-epoch', 'epoch-0001-step-000000-0000000000000000.safetensors', 'pictures.json', 'a.svg'];
    for (const file of names) writeFileSync(join(mine, file), 'precious\n');
    replaceBy(name, (path) => symlinkSync(mine, path));
    const said = everything.map(([, work]) => attempt(work));
    expect(said.filter((text) => text.includes('it is a link')).length).toBeGreaterThan(0);
    for (const file of names) expect(readFileSync(join(mine, file), 'utf8')).toBe('precious\n');
    expect(readdirSync(mine).sort()).toEqual([...names, 'precious'].sort());
  });

  it('has links where files are written beside and renamed, for any process', () => {
    for (const name of ['run.json', 'genotype.json', 'evaluation.json', 'metrics.jsonl'])
      symlinkSync(join(mine, 'precious'), join(dir, `.tmp-${process.pid}-${name}`));
    symlinkSync(mine, join(dir, '.tmp-1-folder'));
    const run = openRun(dir, { write: true });
    // After the sweep as well: they may come while the run goes on.
    symlinkSync(join(mine, 'precious'), join(dir, `.tmp-${process.pid}-genotype.json`));
    run.writeGenotype({});
    run.close();
    expect(openRun(dir).readGenotype()).toEqual({});
    untouched();
  });

  it('has files that have a second name elsewhere: that one does not change', () => {
    for (const name of ['log.txt', 'metrics.jsonl']) {
      linkSync(join(dir, name), join(mine, name));
    }
    const before = ['log.txt', 'metrics.jsonl'].map((name) => readFileSync(join(mine, name), 'utf8'));
    const run = openRun(dir, { write: true });
    run.log('two');
    run.appendRecord(recordOf(1));
    run.close();
    expect(openRun(dir).records()).toHaveLength(2);
    expect(['log.txt', 'metrics.jsonl'].map((name) => readFileSync(join(mine, name), 'utf8'))).toEqual(before);
  });

  it.each(FILES)('has a pipe in place of %s: nobody waits for it', (name) => {
    replaceBy(name, (path) => execFileSync('mkfifo', [path]));
    const said = everything.map(([, work]) => attempt(work));
    expect(said.some((text) => text.includes('it is a device or a pipe'))).toBe(true);
    untouched();
  });

  it('has no link in place of a part of a fit', () => {
    symlinkSync(mine, join(dir, 'search'));
    symlinkSync(join(base, 'nowhere'), join(dir, 'network'));
    for (const part of ['search', 'network'] as const)
      expect(() => fitPartDir(dir, part)).toThrow('it is a link, and links in a run folder are not followed');
    expect(fitPartDir(dir, 'random')).toBe(join(dir, 'random'));
    untouched();
  });

  it.each(['../x', 'a/b', '..', '', 'a\\b', 'a\nb', '/x'])('has no component or picture named %j', (name) => {
    const cell = { normal: { nodes: [], concat: [0] } };
    const run = openRun(dir, { write: true });
    expect(() => run.writeGenotype({ [name]: cell })).toThrow(/must have a name that a file can have|Invalid key/);
    expect(() => writeCells(dir, { [name]: '<svg/>' })).toThrow('must be one of a file, without / or ..');
    run.close();
    expect(readdirSync(join(dir, 'cells'))).toEqual([]);
    untouched();
  });

  it('may be reached through a link that the user names', () => {
    symlinkSync(dir, join(base, 'link'));
    const run = openRun(join(base, 'link'), { write: true });
    run.appendRecord(recordOf(1));
    run.close();
    expect(openRun(dir).records()).toHaveLength(2);
  });

  it('cannot put lines of its own into the log', () => {
    const run = openRun(dir, { write: true });
    run.log('a\r\nb\u2028c\u001b[2J');
    run.close();
    expect(readFileSync(join(dir, 'log.txt'), 'utf8').split('\n').at(-2)).toMatch(/Z a {2}b c \[2J$/);
  });
});
