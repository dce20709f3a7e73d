import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { openRun } from '../src/run/index.js';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { readUnsealed } from './support/edit-run.js';
import { writeImages } from './support/images.js';

const TINY = '--image-size 16 --threads 1 --channels 2 --layers 3 --nodes 1 --batch-size 8 --epochs 2'.split(' ');
const NATURAL = ['--imbalance', 'natural', ...TINY];

let cli: Cli;
let finished: Exit;

const path = (...names: string[]): string => join(cli.folder, ...names);

beforeAll(async () => {
  cli = await buildCli();
  // More than 100 to train on once a fifth is held out: a many-shot class, but no medium-shot one.
  await writeImages(path('data', 'train'), { cat: 130, dog: 12 });
  await writeImages(path('data', 'test'), { cat: 3, dog: 3 });
  finished = await cli.run(['search', 'darts', '--data', 'data', ...NATURAL, '--out', 'finished']);
}, 300_000);
afterAll(() => cli?.dispose());

/** The lines of a command's help or result, without the last line's end. */
const lines = (text: string): string[] => text.trimEnd().split('\n');

describe('wrong words', () => {
  it.each([
    ['command', ['serach'], /\(Did you mean search\?\)/],
    ['recipe', ['search', 'darts-resample'], /Unknown recipe "darts-resample": did you mean "darts-resampling"\?/],
    ['flag', ['search', '--epoch', '3'], /\(Did you mean --epochs\?\)/],
    ['shape', ['search', '--imbalance', 'stp'], /did you mean "step"\?/],
    ['scale', ['search', '--scale', 'smal'], /did you mean "small"\?/],
    ['device', ['search', '--device', 'cuba'], /did you mean "cuda"\?/],
    ['order', ['search', '--order', '3'], /one of 1, 2/],
    ['epochs', ['search', '--epochs', '0'], /It must be a whole number >= 1, got 0\n/],
    ['batch size', ['search', '--batch-size', '2.5'], /It must be a whole number >= 1, got 2.5\n/],
    ['ratio', ['search', '--imbalance-ratio', '0.5'], /It must be a number >= 1, got 0.5\n/],
    ['threads', ['search', '--threads', '0'], /It must be a whole number >= 1 and <= 1024, got 0\n/],
    ['share', ['search', '--test-share', '2'], /It must be a number > 0 and <= 0.9, got 2\n/],
    ['number', ['search', '--seed', 'one'], /It must be a whole number >= 0, got one\n/],
    ['missing value', ['search', '--data'], /argument missing/],
    ['missing run', ['resume'], /missing required argument 'run'/],
  ])('are told what was meant, and end with 2: %s', async (_, args, message) => {
    const exit = await cli.run(args);
    expect(exit).toMatchObject({ code: 2, stdout: '' });
    expect(exit.stderr).toMatch(message);
  });
});

describe('TAILNAS_KERNELS', () => {
  afterEach(() => void vi.unstubAllEnvs());
  const commands = [
    ['search', 'darts', '--data', 'data', ...NATURAL, '--out', 'with-kernels'],
    ['search', 'darts', '--data', 'data', ...NATURAL, '--dry-run'],
    ['evaluate', 'finished'],
    ['reproduce', 'table2', '--out', 'with-kernels'],
  ];

  it.each(commands)('of no such name ends %s with 2 before anything is written', async (...args) => {
    vi.stubEnv('TAILNAS_KERNELS', 'avx1024');
    const before = readdirSync(cli.folder);
    const exit = await cli.run(args);
    expect(exit).toMatchObject({ code: 2, stdout: '' });
    expect(exit.stderr).toBe(
      'error: Cannot choose kernels: TAILNAS_KERNELS must be avx512, avx2, portable or composite, got avx1024\n',
    );
    expect(readdirSync(cli.folder)).toEqual(before);
  });

  it('is told by doctor, and by the first line of a search and its log', async () => {
    vi.stubEnv('TAILNAS_KERNELS', 'portable');
    const args = ['search', 'darts', '--data', 'data', ...NATURAL, '--epochs', '1', '--out', 'portable'];
    expect((await cli.run(args)).stderr).toMatch(/^search: DARTS, .* \(kernels: fused, portable\) → portable$/m);
    expect(readFileSync(path('portable', 'log.txt'), 'utf8')).toMatch(/ weights, kernels: fused, portable\n/);
    expect(openRun(path('portable')).info.versions).toMatchObject({ kernels: 'fused, portable' });
    vi.stubEnv('TAILNAS_KERNELS', 'composite');
    expect((await cli.run(['doctor'])).stdout).toMatch(/^ok {4}kernels +plain$/m);
    vi.stubEnv('TAILNAS_KERNELS', 'avx1024');
    const { code, stdout } = await cli.run(['doctor']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}kernels +Cannot choose kernels: .*\n +→ unset TAILNAS_KERNELS$/m);
  });
});

describe('--help', () => {
  it.each(['search', 'train', 'resume', 'evaluate', 'predict', 'recipes', 'doctor', 'setup'])(
    'of %s shows an example',
    async (command) => {
      const { code, stdout } = await cli.run([command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`Examples?:\n  \\$ tailnas ${command}`));
    },
  );

  it('lists every command', async () => {
    const { code, stdout } = await cli.run(['--help']);
    expect(code).toBe(0);
    for (const command of ['search', 'train', 'resume', 'evaluate', 'predict', 'recipes', 'doctor', 'setup'])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  });
});

describe('output that nobody reads on, as in `tailnas … | head`', () => {
  it.each([
    ['help', ['search', '--help']],
    ['a search, which is finished all the same', ['search', 'darts', '--data', 'data', ...NATURAL, '--out', 'unread']],
  ])('is no error: %s', async (_, args) => {
    const running = cli.start(args);
    running.hangUp();
    expect(await running.exit).toMatchObject({ code: 0, signal: null });
    if (args.includes('--out')) expect(existsSync(path('unread', 'evaluation.json'))).toBe(true);
  });
});

describe('recipes', () => {
  it('are a JSON array with what the paper reports', async () => {
    const { code, stdout, stderr } = await cli.run(['recipes', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'darts', label: 'DARTS', paper: 64.56 }),
        expect.objectContaining({ name: 'darts-resampling', label: 'DARTS + Re-sampling', paper: 61.2 }),
        expect.objectContaining({
          name: 'gdas',
          paper: null,
          about: 'cheap: one operation runs per edge',
          cost: { step: 0.24, memory: 0.45 },
        }),
      ]),
    );
  });

  it('say what each search method is for, within 100 columns', async () => {
    const { stdout } = await cli.run(['recipes']);
    for (const name of ['gdas', 'p-darts', 'random-ws', 'enas'])
      expect(stdout).toMatch(new RegExp(`^${name} +\\S.{10,}(?: +(?:× \\d\\.\\d\\d|–)){2}$`, 'm'));
    const [searches = ''] = stdout.split('train --recipe');
    expect(Math.max(...searches.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('--use', () => {
  it('may stand before the command or behind it', async () => {
    writeFileSync(
      path('mine.mjs'),
      'export default ({ experiments, variant }) => experiments.add(variant(' +
        'experiments.named("darts"), { name: "mine", label: "Mine", phases: (of) => of }));',
    );
    for (const words of [
      ['--use', './mine.mjs', 'recipes', '--json'],
      ['--use=./mine.mjs', 'recipes', '--json'],
      ['recipes', '--json', '--use', './mine.mjs'],
    ]) {
      const { code, stdout, stderr } = await cli.run(words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: 'mine' }));
    }
  });

  it.each([
    ['that is not there', undefined, 'Cannot use bad.mjs: there is no such file'],
    ['that is no JavaScript', 'export default (', 'Cannot use bad.mjs: the module fails (SyntaxError: '],
    ['that throws', 'export default () => { throw new Error("oh") }', 'the module fails (Error: oh); correct it'],
    ['that adds a name twice', 'export default ({ losses }) => losses.add("cross-entropy", {})', 'the name is taken'],
  ])('names a module %s', async (_, code, message) => {
    rmSync(path('bad.mjs'), { force: true });
    if (code !== undefined) writeFileSync(path('bad.mjs'), code);
    const exit = await cli.run(['recipes', '--use', 'bad.mjs']);
    expect(exit).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Cannot use bad.mjs: ') });
    expect(exit.stderr).toContain(message);
  });

  it('is named where a name of a module is not known', async () => {
    for (const words of [
      ['search', 'mine'],
      ['search', '--loss', 'mine'],
      ['train', 'mine'],
      ['search', '--data', 'mine'],
    ]) {
      const { code, stderr } = await cli.run(words);
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('needs --use <module>') });
    }
  });
});

describe('doctor', () => {
  it('says what is found, and that the engine is', async () => {
    const { code, stdout } = await cli.run(['doctor', '--json']);
    expect(code).toBe(0);
    const { checks } = z
      .object({ checks: z.array(z.object({ name: z.string(), ok: z.boolean() })) })
      .parse(JSON.parse(stdout));
    expect(checks).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'engine', ok: true })]));
  });
});

describe('search --dry-run', () => {
  const dryRun = ['search', 'darts-resampling', '--data', 'data', ...NATURAL, '--dry-run', '--out', 'dry'];

  it('says as JSON what a search would need, and trains and writes nothing', async () => {
    const before = readdirSync(cli.folder);
    const { code, stdout } = await cli.run([...dryRun, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      experiment: {
        name: 'darts-resampling',
        options: { epochs: 2, channels: 2, layers: 3, nodes: 1, batchSize: 8 },
      },
      counts: { train: [104, 10], valid: [26, 2], test: [3, 3] },
      stepsPerEpoch: 15, // ceil(114 / 8)
      weights: expect.any(Number),
      expectedMemoryBytes: expect.any(Number),
      expectedSeconds: expect.any(Number),
    });
    const { weights, expectedMemoryBytes, expectedSeconds } = JSON.parse(stdout);
    expect(finished.stderr).toContain(`${weights.toLocaleString('en-US')} weights, 15 steps per epoch`);
    // Beside what the same search then took; so small a run is mostly Node and libtorch.
    const peaks = openRun(path('finished'))
      .records()
      .map((r) => r.peakMemoryBytes);
    expect(expectedMemoryBytes / Math.max(...peaks)).toBeGreaterThan(0.75);
    expect(expectedMemoryBytes / Math.max(...peaks)).toBeLessThan(1.5);
    expect(expectedSeconds).toBeGreaterThan(0);
    expect(readdirSync(cli.folder)).toEqual(before);
  });

  it('asks the same of the search that it would continue as the run itself', async () => {
    const continuing = (from: string) =>
      cli.run(['search', 'imb-nas', '--data', 'data', ...NATURAL, '--dry-run', '--from', from]);
    expect(await continuing('nowhere')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('nowhere'),
    });
    const { code, stderr } = await continuing('finished');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Cannot continue from finished: its .* must be the new run's/);
  });

  it('refuses images that the run would refuse to change, and says what the run would say first', async () => {
    const { code, stderr } = await cli.run([...dryRun, '--augment', 'crop(400)']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: Cannot crop images of .*400/);
    const several = ['search', 'darts', '--data', 'data', ...NATURAL, '--plan', '--out', 'swept'];
    expect(await cli.run([...several, '--augment', 'none, crop(400)'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Cannot crop images of'),
    });
    expect(await cli.run([...dryRun, '--augment', 'mixup(1)', '--batch-size', '1'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('raise --batch-size'),
    });
    const late = [...dryRun, '--arch-warmup', '0.9'];
    const notice = 'alpha is not trained in any epoch: --arch-warmup 0.9 is too long; take more --epochs';
    expect((await cli.run(late)).stdout).toContain(`\n${notice}\n`);
    expect(JSON.parse((await cli.run([...late, '--json'])).stdout).notices).toEqual([notice]);
  });

  it('says which value is at fault where nothing could be learned, and that a ratio needs a shape', async () => {
    const trial = await cli.run([...dryRun, '--classifier', 'cosine(1e39)']);
    expect(trial).toMatchObject({ code: 2, stdout: '' });
    expect(trial.stderr).toMatch(/^error: Cannot run darts-resampling: in a trial .* is not finite at epoch 0, step 0/);
    expect(trial.stderr).toContain('before anything is learned; look at --classifier cosine(1e+39)');
    expect(await cli.run([...dryRun, '--imbalance-ratio', '10'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--imbalance-ratio 10 with --imbalance natural, which thins nothing out'),
    });
  });

  it('is of the recommended recipe where none is named', async () => {
    const { stdout } = await cli.run(['search', '--data', 'data', ...NATURAL, '--dry-run', '--json']);
    expect(JSON.parse(stdout).experiment.name).toBe('hls-continued-class');
  });

  it('says the same as a table', async () => {
    const { code, stdout } = await cli.run(dryRun);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^class +train +valid +test\ncat +104 +26 +3\ndog +10 +2 +3\nall +114 +28 +6$/m);
    expect(stdout).toMatch(/^steps per epoch +15$/m);
    expect(stdout).toMatch(/^kernels +(fused, (avx512|avx2|portable)|plain)$/m);
  });
});

describe('search', () => {
  it('sums up what came of it, in two columns, – where a group has no class', () => {
    expect(finished.code).toBe(0);
    const [listing = '', classes = '', mistakes = '', priors = '', next] = finished.stdout.split('\n\n');
    expect(classes).toMatch(/^class +trained on +right +recall +95 % interval +precision\ncat +104 +\d of /);
    expect(mistakes).toMatch(/^(largest mistakes|no test image is mistaken)/);
    expect(next).toBe('next: tailnas train finished\n');
    expect(priors).toMatch(/^expected accuracy where test images have\n +logits as they are {2}adjusted to it\n/);
    expect(priors).toMatch(/^classes as frequent as in training +(\d+\.\d\d %) +\1$/m); // cross-entropy assumes it
    const rows = lines(listing);
    expect(rows[0]).toMatch(/^test accuracy +\d+\.\d\d %$/);
    expect(rows[1]).toMatch(/^ +of the supernet, not of the network found/);
    expect(rows).toContainEqual(expect.stringMatching(/^always "cat" +50\.00 %, per class 50\.00 %$/));
    expect(rows).toContainEqual(expect.stringMatching(/^many-shot \(> 100 images\) +\d+\.\d\d % {2}\(1 class\)$/));
    expect(rows).toContainEqual(expect.stringMatching(/^medium-shot \(20 to 100\) +–$/));
    expect(rows).toContainEqual(expect.stringMatching(/^run folder +finished$/));
    const column = rows[0]?.search(/(?<= {2})\S/);
    for (const row of rows) expect(row.slice(0, column), row).toMatch(/ {2}$/);
    for (const row of rows) expect(row.at(column ?? -1), row).toMatch(/\S/);
  });

  it('tells a log file one line per epoch', () => {
    expect(lines(finished.stderr)).toEqual([
      expect.stringMatching(/^data: data, 2 classes; 114 images to train on \(104 of the largest class, 10 of the sma/),
      expect.stringMatching(/^images to train on by class: \S+: 104, \S+: 10$/),
      expect.stringMatching(/^6 images of the test are among those trained or validated on, pixel by pixel \(data/),
      expect.stringMatching(/^images to train on are changed by crop\(\d\) \+ flip$/),
      expect.stringMatching(/^needs about \d+ MB of memory and \d+:\d\d per epoch; /),
      expect.stringMatching(/^search: DARTS, /),
      expect.stringMatching(/^epoch 1\/2 {2}train \d.* valid \d.* per class +\d/),
      expect.stringMatching(/^epoch 2\/2 {2}train \d.* valid \d.* per class +\d/),
    ]);
  });

  it('draws each cell as SVG and PNG', () => {
    for (const kind of ['normal', 'reduction']) {
      expect(readFileSync(path('finished', 'cells', `backbone-${kind}.svg`), 'utf8')).toMatch(/^<svg .*<\/svg>\s*$/s);
      const png = readFileSync(path('finished', 'cells', `backbone-${kind}.png`));
      expect(png.subarray(0, 8)).toEqual(Buffer.from('89504e470d0a1a0a', 'hex'));
      expect(png.length).toBeGreaterThan(500);
    }
  });

  it('prints one JSON document and nothing else with --json and --quiet', async () => {
    const args = ['search', 'darts', '--data', 'data', ...NATURAL, '--json', '--quiet', '--out', 'as-json'];
    const { code, stdout, stderr } = await cli.run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const result = JSON.parse(stdout);
    expect(lines(stdout)).toHaveLength(1);
    expect(result).toMatchObject({ run: 'as-json', records: [{ epoch: 0 }, { epoch: 1 }] });
    expect(result.evaluation).toEqual(readUnsealed(path('as-json', 'evaluation.json')));
    expect(result.genotypes).toEqual(readUnsealed(path('as-json', 'genotype.json')));
  });

  it('keeps its hands off a folder that holds anything', async () => {
    mkdirSync(path('taken'));
    writeFileSync(path('taken', 'notes.txt'), 'mine');
    const exit = await cli.run(['search', 'darts', '--data', 'data', ...NATURAL, '--out', 'taken']);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toContain('Cannot create run taken: the folder must be empty, it holds "notes.txt"');
    expect(readdirSync(path('taken'))).toEqual(['notes.txt']);
    expect(readFileSync(path('taken', 'notes.txt'), 'utf8')).toBe('mine');
  });

  it('says that there is no such device before it writes anything', async ({ skip }) => {
    const exit = await cli.run([
      'search',
      'darts',
      '--data',
      'data',
      ...NATURAL,
      '--device',
      'cuda',
      '--out',
      'on-cuda',
    ]);
    if (exit.code === 0) skip('this machine has CUDA');
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^error: Cannot use device "cuda": .*use cpu, or set LIBTORCH.*\n$/);
    expect(existsSync(path('on-cuda'))).toBe(false);
  });
});

describe('evaluate', () => {
  it('of a finished run gives the figures that it ended with', async () => {
    const { code, stdout, stderr } = await cli.run(['evaluate', 'finished', '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      run: 'finished',
      evaluation: readUnsealed(path('finished', 'evaluation.json')),
      classes: [
        expect.objectContaining({ name: 'cat', group: 'head', trainImages: 104 }),
        expect.objectContaining({ name: 'dog', group: 'tail', trainImages: 10 }),
      ],
      genotypes: readUnsealed(path('finished', 'genotype.json')),
    });
  });

  it('adds a line for each class', async () => {
    const { code, stdout } = await cli.run(['evaluate', 'finished', '--quiet']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^class .* recall .*\ncat +104 +\d+ of \d+ .*head\ndog +10 +\d+ of \d+ .*tail$/m);
  });

  it('of a folder without a run says so', async () => {
    const exit = await cli.run(['evaluate', 'data']);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^error: Cannot open run data: /);
  });
});

describe('data that cannot be learned from', () => {
  beforeEach(() => {
    rmSync(path('bad'), { recursive: true, force: true });
    cpSync(path('data'), path('bad'), { recursive: true });
  });

  const image = (...names: string[]): string => join('bad', 'train', ...names);
  const spoil = (text: string) => () => writeFileSync(path(image('dog', '4.png')), text);
  const remove =
    (...names: string[]) =>
    () =>
      rmSync(path('bad', ...names), { recursive: true });

  it.each([
    ['missing folder', remove(), [], 'there is no file or folder ./bad'],
    ['corrupt image', spoil('no image'), [], `${image('dog', '4.png')} is not a readable image`],
    ['empty image', spoil(''), [], `${image('dog', '4.png')} is not a readable image: it is empty (0 bytes)`],
    ['one class only', remove('train', 'dog'), [], `${join('bad', 'train')} has only 1 class folder`],
    [
      'class with one image',
      () => {
        for (const name of readdirSync(path(image('dog'))).slice(1)) rmSync(path(image('dog', name)));
      },
      [],
      `class "dog" in ${join('bad', 'train')} has 1 image, at least 2 are needed`,
    ],
    [
      'empty class',
      () => mkdirSync(path(image('owl'))),
      [],
      `class "owl" in ${join('bad', 'train')} has 0 images, at least 2 are needed`,
    ],
    [
      'class not tested',
      () => cpSync(path(image('dog')), path(image('owl')), { recursive: true }),
      [],
      `class "owl" is in ${join('bad', 'train')} but not in ${join('bad', 'test')}`,
    ],
    ['a share of what is shared out', () => {}, ['--test-share', '0.2'], 'has a test folder of its own'],
  ])('end the search before it starts, naming what is wrong: %s', async (_, damage, flags, message) => {
    damage();
    const exit = await cli.run(['search', 'darts', '--data', './bad', ...NATURAL, ...flags, '--out', 'of-bad']);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^error: Cannot [^\n]+; [^\n]+\n$/);
    expect(exit.stderr).toContain(message);
    expect(existsSync(path('of-bad'))).toBe(false);
  });

  it('are left out and counted with --skip-corrupt', async () => {
    spoil('no image')();
    const args = [
      'search',
      'darts',
      '--data',
      './bad',
      ...NATURAL,
      '--epochs',
      '1',
      '--skip-corrupt',
      '--out',
      'skipping',
    ];
    const { code, stderr } = await cli.run(args);
    expect(code).toBe(0);
    expect(stderr).toContain('left out 1 unreadable image (skipped.json)\n');
    const { data } = JSON.parse(readFileSync(path('skipping', 'run.json'), 'utf8'));
    const skipped = JSON.parse(readFileSync(path('skipping', 'skipped.json'), 'utf8'));
    expect(skipped).toEqual([
      { file: expect.stringMatching(/4\.png/), reason: 'it is no image but text', part: 'train', class: 'dog' },
    ]);
    expect(data.skipped).toEqual(skipped);
    const { train, valid } = data.counts;
    expect(train[1] + valid[1]).toBe(11);
  });
});
