import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealed } from '../src/run/seal.js';
import { buildCli, type Cli } from './support/cli.js';
import { writeImages } from './support/images.js';

const ODD = 'o"wl,\n\x1b[31m';

let cli: Cli;
const path = (...names: string[]): string => join(cli.folder, ...names);
const predict = (...words: string[]) => cli.run(['predict', 'run', ...words]);
const json = async (...words: string[]) => {
  const exit = await predict(...words, '--json', '--quiet');
  return { ...exit, result: JSON.parse(exit.stdout) };
};

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('data', 'train'), { cat: 12, dog: 8, [ODD]: 4 });
  await writeImages(path('data', 'test'), { cat: 4, dog: 3, [ODD]: 2 });
  const sizes = '--channels 4 --batch-size 8 --epochs 2 --threads 1 --image-size 16'.split(' ');
  const args = ['--data', 'data', '--imbalance', 'natural', ...sizes];
  const trained = await cli.run(['train', 'resnet8', ...args, '--out', 'run']);
  expect(trained.code, trained.stderr).toBe(0);
  renameSync(path('data', 'test'), path('photos'));
  rmSync(path('data'), { recursive: true }); // the run folder is enough
}, 300_000);
afterAll(() => cli?.dispose());

describe('tailnas predict', () => {
  it('prints a table with the image last, and a class table where folders are classes', async () => {
    const { code, stdout, stderr } = await predict('photos');
    expect(code, stderr).toBe(0);
    const [table = '', totals = '', classes = ''] = stdout.split('\n\n');
    const lines = table.split('\n');
    expect(lines[0]).toMatch(/^folder +class +probability +margin +file$/);
    expect(lines).toHaveLength(10);
    expect(lines[1]).toMatch(/^cat +(≠ )? *\S+ +\d+\.\d\d % +\d+\.\d\d % {2}photos\/cat\/0\.png$/);
    expect(totals).toMatch(/^mean per-class accuracy +\d+\.\d\d %\naccuracy +\d+\.\d\d % {2}\(\d of 9 images\)$/);
    expect(classes).toMatch(
      /^class +trained on +right +recall +95 % interval +precision\n(.+\n)*cat +\d+ +\d of 4 +\S+ % /,
    );
    expect(stderr).toMatch(/^labels are the names of the images' folders: all are named like classes of the run/);
    expect(stderr).toMatch(/^9 images in 0:0\d, \d+ per second$/m);
    expect(stdout + stderr).not.toContain('\x1b');
    expect(stdout).toContain('o"wl,\\n\\x1b[31m');
  });

  it('gives the same as JSON, with the classes asked for, their probabilities, and the least sure first', async () => {
    const { code, stderr, result } = await json('photos', '--top', '2', '--probabilities', '--sort', 'doubt');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(result).toMatchObject({ run: 'run', at: {}, classes: ['cat', 'dog', ODD], failures: [] });
    expect(result.labelled).toMatchObject({ images: 9, unknown: [] });
    const margins = result.predictions.map((one: { margin: number }) => one.margin);
    expect(margins).toEqual(margins.toSorted((a: number, b: number) => a - b));
    for (const one of result.predictions) {
      expect(one.top).toHaveLength(2);
      expect(one.top[0]).toEqual({ class: one.class, probability: one.probability });
      expect(one.margin).toBeCloseTo(one.top[0].probability - one.top[1].probability, 12);
      expect(Object.keys(one.probabilities)).toEqual(result.classes);
      expect(one.probabilities[one.class]).toBe(one.probability);
    }
    const right = result.predictions.filter((one: { label: string; class: string }) => one.label === one.class);
    expect(result.labelled.accuracy).toBeCloseTo(right.length / 9, 12);
  });

  it('writes CSV that other programs read, in the order of the images or of doubt', async () => {
    const { code, stdout, stderr } = await predict('photos', '--csv', '--top', '2', '--probabilities');
    expect(code).toBe(0);
    const odd = '"o""wl,\n\x1b[31m"';
    const heading = `file,class,probability,margin,label,class_2,probability_2,p(cat),p(dog),"p(${odd.slice(1, -1)})"`;
    expect(stdout.startsWith(`${heading}\nphotos/cat/0.png,`)).toBe(true);
    expect(stdout.replaceAll('l,\n', 'l ').trimEnd().split('\n')).toHaveLength(10);
    expect(stdout).toContain(`"photos/${odd.slice(1, -1)}/0.png",`);
    expect(stderr).toMatch(/^mean per-class accuracy +\d/m);
    const bare = await predict('photos/cat', 'photos/dog', '--csv', '--labels', 'none', '--sort', 'doubt', '--quiet');
    const margins = bare.stdout
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',')[3]));
    expect(margins).toEqual(margins.toSorted((a, b) => a - b));
    expect(bare).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^file,class,probability,margin\n/),
    });
  });

  it('takes patterns and a list on stdin, one a line or between zero bytes', async () => {
    const images = async (words: string[], input?: string) => {
      const { stdout } = await cli.run(['predict', 'run', ...words, '--json'], input === undefined ? {} : { input });
      return JSON.parse(stdout).predictions.map(({ file }: { file: string }) => file);
    };
    expect(await images(['photos/*/0.png'])).toEqual(['photos/cat/0.png', 'photos/dog/0.png', `photos/${ODD}/0.png`]);
    const two = ['photos/dog/1.png', 'photos/cat/1.png'];
    expect(await images(['-'], `${two.join('\r\n')}\n\n`)).toEqual(two);
    expect(await images(['photos/cat/2.png', '-'], `photos/${ODD}/0.png\0${two[0]}\0`)).toEqual([
      'photos/cat/2.png',
      `photos/${ODD}/0.png`,
      two[0],
    ]);
  });

  it('adjusts to a prior as evaluate does', async () => {
    // As some editors write it, with a mark at the beginning.
    writeFileSync(path('prior.json'), `\uFEFF${JSON.stringify({ cat: 1, dog: 1, [ODD]: 998 })}`);
    const { result } = await json('photos', '--prior', 'prior.json');
    const evaluated = await cli.run(['evaluate', 'run', '--data', 'photos', '--prior', 'prior.json', '--json']);
    expect(result.labelled.confusion).toEqual(JSON.parse(evaluated.stdout).evaluation.confusion);
    expect(result.prior.name).toBe('prior.json');
    const uniform = await json('photos', '--prior', 'uniform');
    expect(uniform.result.predictions[0].probability).not.toBe(result.predictions[0].probability);
    const wrong = await predict('photos', '--prior', 'even');
    expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Cannot read prior even:') });
  });

  it('names every file that it cannot read, predicts the rest, and ends with 1', async () => {
    writeFileSync(path('no\x1b[2J.png'), 'no image');
    const words = ['no\x1b[2J.png', 'gone.jpg', 'photos/cat', 'none/*.png'];
    const { code, stdout, stderr } = await predict(...words, '--quiet');
    expect(code).toBe(1);
    expect(stdout.split('\n\n')[0]?.trimEnd().split('\n')).toHaveLength(5);
    expect(stderr.split('\n').sort()).toEqual([
      '',
      'error: Cannot predict gone.jpg: there is no such file or folder; check the path',
      'error: Cannot predict no\\x1b[2J.png: it is no image but text',
      'error: Cannot predict none/*.png: no file matches the pattern; check it',
    ]);
    const { code: also, result } = await json('gone.jpg');
    expect({ also, result }).toMatchObject({ also: 1, result: { predictions: [], failures: [{ file: 'gone.jpg' }] } });
    mkdirSync(path('empty'), { recursive: true });
    expect(await predict('empty')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/the folder has no images/),
    });
  });

  it('draws the mistakes of each class, the most confident first', async () => {
    const { stdout, result } = await json('photos', '--mosaic', 'mistakes');
    expect(stdout).not.toBe('');
    const wrong = new Set<string>();
    for (const { label, class: name } of result.predictions) if (label !== name) wrong.add(label);
    expect(wrong.size).toBeGreaterThan(0); // two epochs are not enough for the smallest class
    expect(result.mosaics).toHaveLength(wrong.size);
    expect(readdirSync(path('mistakes')).map((name) => join('mistakes', name))).toEqual(result.mosaics.toSorted());
    for (const file of result.mosaics) {
      const { width, height, format } = await sharp(path(file)).metadata();
      expect({ width, format, tall: (height ?? 0) > 300 }).toEqual({ width: 1440, format: 'png', tall: true });
    }
    renameSync(path('photos', 'cat'), path('unsorted'));
    const bare = await predict('unsorted', '--mosaic', 'other');
    renameSync(path('unsorted'), path('photos', 'cat'));
    expect(bare).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: --mosaic needs images whose classes are known/),
    });
    expect(existsSync(path('other'))).toBe(false);
  });

  it('predicts images of a class that training did not have, without counting them', async () => {
    await writeImages(path('more'), { cat: 2, dog: 2, zebra: 3 });
    const { code, stderr, result } = await json('more');
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/"zebra" is not a class .* its 3 images are predicted, but not /),
    });
    expect(result.predictions).toHaveLength(7);
    expect(result.labelled).toMatchObject({ images: 4, unknown: [{ name: 'zebra', images: 3 }] });
    await writeImages(path('mixed'), { cat: 1, new: 1, old: 1 });
    expect(await json('mixed')).toMatchObject({
      code: 0,
      stderr: '',
      result: expect.not.objectContaining({ labelled: {} }),
    });
    expect((await json('mixed', '--labels', 'parent')).result.labelled.images).toBe(1);
    expect(await predict('mixed/new', '--labels', 'parent')).toMatchObject({ code: 2, stdout: '' });
  });

  it.each([
    ['image bytes on stdin', ['-'], '\x89PNG\r\n\x1a\n', /- reads paths from stdin, one per line: it got the bytes/],
    ['an empty list', ['-'], '\n', /- reads paths from stdin, one per line: it lists none/],
    ['two lists', ['-', '-'], '', /- must be given once/],
    ['no class at all', ['photos', '--top', '0'], '', /--top/],
    ['two formats at once', ['photos', '--csv', '--json'], '', /--csv.*--json/],
    ['nothing', [], '', /missing required argument/],
  ])('refuses %s, with exit code 2', async (_, words, input, message) => {
    const exit = await cli.run(['predict', 'run', ...words], { input: Buffer.from(input, 'latin1') });
    expect(exit).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  it('says what to do with a search, a run without checkpoint, and one of format 1', async () => {
    const info = JSON.parse(readFileSync(path('run', 'run.json'), 'utf8'));
    const changed = (name: string, change: object) => {
      mkdirSync(path(name));
      writeFileSync(path(name, 'run.json'), JSON.stringify(sealed({ ...info, ...change })));
      return cli.run(['predict', name, 'photos']);
    };
    expect(await changed('search', { experiment: { ...info.experiment, kind: 'search' } })).toMatchObject({
      ...{ code: 1, stdout: '' },
      stderr: expect.stringMatching(/Cannot predict with search: .*train what it found with `tailnas train search`/),
    });
    expect(await changed('bare', {})).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it must have a checkpoint, it has none yet;/),
    });
    const old = { ...info.data, mean: null, std: null };
    expect(await changed('old', { data: old })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/it is of format 1; test it on its own/),
    });
  });
});

describe('tailnas evaluate --data', () => {
  it('prints what evaluate does, of other images, with how many of each class are right', async () => {
    const { code, stdout, stderr } = await cli.run(['evaluate', 'run', '--data', 'photos']);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe('tests on 9 images of photos\n');
    expect(stdout).toMatch(/^mean per-class accuracy +\d.*\ntest accuracy +\d/); // an imbalanced test
    expect(stdout).toMatch(/^expected accuracy where test images have$/m);
    expect(stdout).toMatch(/^cat +\d+ +\d of 4 +\S+ %/m);
    expect(stdout).toMatch(/^true class by row, answer by column, in images$/m);
    expect(stdout).not.toContain('\x1b');
  });

  it('leaves out what the run does not know and what cannot be read, says so, and ends with 1', async () => {
    await writeImages(path('new'), { Cat: 2, dog: 2 });
    writeFileSync(path('new', 'dog', '9.png'), '');
    const { code, stdout, stderr } = await cli.run(['evaluate', 'run', '--data', 'new', '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain(`it has no images of cat, o"wl,\\n\\x1b[31m\n`);
    expect(stderr).toContain('error: new/dog/9.png is left out: it is empty (0 bytes)\n');
    expect(stderr).toContain('"Cat" is not a class of the run: its 2 images are left out; did you mean "cat"?\n');
    expect(JSON.parse(stdout).data).toMatchObject({ spec: 'new', from: 'new', counts: [0, 2, 0] });
  });

  it('is named where the run’s own data are gone', async () => {
    expect(await cli.run(['evaluate', 'run'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Cannot evaluate run on the data .*, or test on other .* with --data <folder>\n$/),
    });
    expect(await cli.run(['evaluate', 'run', '--data', 'nowhere/x'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Cannot open data: there is no file or folder nowhere\/x/),
    });
  });
});
