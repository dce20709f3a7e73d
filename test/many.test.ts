import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openRun } from '../src/run/index.js';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { writeImages } from './support/images.js';
import { contentOf } from './support/kills.js';

const SIZES = '--data data --image-size 16 --threads 1 --scale smoke --channels 2 --batch-size 8 --epochs 3'.split(' ');
const TRAIN = ['train', 'resnet8', ...SIZES, '--classifier', 'cosine'];
const LOSSES = ['--loss', 'cross-entropy, ldam(0.5, 30)'];
const SWEEP = [...TRAIN, ...LOSSES, '--seeds', '1,2', '--out', 'losses'];
const RUNS = [1, 2].flatMap((seed) => [
  `resnet8-loss-cross-entropy-seed-${seed}`,
  `resnet8-loss-ldam-0.5-30-seed-${seed}`,
]);
const result = z.object({
  rows: z.array(z.looseObject({ name: z.string(), seeds: z.array(z.number()), mean: z.number().nullable() })),
  report: z.string().nullable(),
  failed: z.array(z.unknown()),
});
const planned = z.object({ runs: z.array(z.object({ name: z.string(), state: z.string() })) });

let cli: Cli;
let killed: Exit;
let made: Exit;

const path = (...names: string[]): string => join(cli.folder, ...names);
const states = async (...words: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await cli.run([...words, '--plan', '--json', '--quiet']);
  expect(code, stderr).toBe(0);
  return planned.parse(JSON.parse(stdout)).runs.map(({ name, state }) => `${name} ${state}`);
};

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('data', 'train'), { cat: 40, dog: 12 });
  await writeImages(path('data', 'test'), { cat: 3, dog: 3 });
  const first = cli.start(SWEEP);
  while (!existsSync(path('losses', 'runs', RUNS[1] ?? ''))) await setTimeout(5);
  first.send('SIGKILL');
  killed = await first.exit;
  made = await cli.run([...SWEEP, '--jobs', '2', '--json']);
}, 300_000);
afterAll(() => cli?.dispose());

describe('a sweep', () => {
  it('makes a run for each seed and each value, commas within brackets left alone', async () => {
    expect(await states(...SWEEP, '--out', 'nowhere')).toEqual(RUNS.map((name) => `${name} start`));
    expect(existsSync(path('nowhere'))).toBe(false);
    expect(readdirSync(path('losses', 'runs')).sort()).toEqual([...RUNS].sort());
    expect(RUNS.map((run) => openRun(path('losses', 'runs', run)).info.changes['loss'])).toEqual([
      ...[undefined, 'ldam(0.5, 30)'],
      ...[undefined, 'ldam(0.5, 30)'],
    ]);
  });

  it('goes on where it was killed, and makes a table and a page of all', () => {
    expect(killed.signal).toBe('SIGKILL');
    expect(made.code, made.stderr).toBe(0);
    const { rows, report, failed } = result.parse(JSON.parse(made.stdout));
    expect(failed).toEqual([]);
    expect(rows.map(({ seeds }) => seeds)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(rows.map(({ name }) => name.includes('loss ldam(0.5, 30)'))).toEqual([false, true]);
    expect(readFileSync(path(report ?? ''), 'utf8')).toMatch(/^<!doctype html>/i);
  });

  it('prints the table that a report of its runs has', async () => {
    const { stdout } = await cli.run(SWEEP);
    const report = await cli.run(['report', ...RUNS.map((run) => join('losses', 'runs', run)), '--markdown']);
    expect(stdout).toBe(`${report.stdout}\n${join('losses', 'report.html')}\n`);
  });

  it('has the runs that the same words without lists make', async () => {
    const words = ['--loss', 'ldam(0.5, 30)', '--seed', '2', '--out', 'alone', '--quiet'];
    expect((await cli.run([...TRAIN, ...words])).code).toBe(0);
    const [own, alone] = [path('losses', 'runs', RUNS[3] ?? ''), path('alone')].map(contentOf);
    expect(own).toEqual(alone);
  });

  it('grows by a seed, and knows what is done', async () => {
    expect(await states(...SWEEP.slice(0, -4), '--seeds', '1..3', '--out', 'losses')).toEqual([
      ...RUNS.map((name) => `${name} done`),
      ...['resnet8-loss-cross-entropy-seed-3 start', 'resnet8-loss-ldam-0.5-30-seed-3 start'],
    ]);
  });

  it('is refused where other settings made what is there', async () => {
    const { code, stderr } = await cli.run([...SWEEP, '--epochs', '4', '--plan']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: Cannot use losses\S+: .*now \(--epochs 4\).*otherwise \(--epochs 3\); give another/,
    );
  });

  it('trains what a run found on the data of that run, each seed', async () => {
    const run = join('losses', 'runs', RUNS[0] ?? '');
    const words = ['train', run, '--scale', 'smoke', '--channels', '2', '--epochs', '1', '--threads', '1'];
    const { code, stderr } = await cli.run([...words, '--seeds', '5', '--out', 'again', '--quiet']);
    expect(code, stderr).toBe(0);
    const [name = ''] = readdirSync(path('again', 'runs'));
    expect(name).toBe(`losses-runs-${RUNS[0]}-seed-5`);
    expect(openRun(path('again', 'runs', name)).info.data.fingerprint).toBe(openRun(path(run)).info.data.fingerprint);
  });

  it('is one of searches, and of fits, too', async () => {
    const small = ['--data', 'data', '--image-size', '16', '--threads', '1'];
    const search = [
      'search',
      'darts',
      ...small,
      '--scale',
      'smoke',
      '--channels',
      '2',
      '--layers',
      '1',
      '--nodes',
      '1',
    ];
    expect(await states(...search, '--epochs', '1', '--loss', 'cross-entropy,balanced-softmax')).toEqual([
      ...['darts-loss-cross-entropy-seed-0 start', 'darts-loss-balanced-softmax-seed-0 start'],
    ]);
    expect(await states('fit', ...small, '--search', 'darts, hls', '--seeds', '1..2')).toEqual([
      ...['fit-search-darts-seed-1 start', 'fit-search-hls-seed-1 start'],
      ...['fit-search-darts-seed-2 start', 'fit-search-hls-seed-2 start'],
    ]);
  });

  it.each([
    ['a size', ['--channels', '2,4'], /'2,4' is invalid.*It must be a whole number >= 1/],
    ['a value among several', ['--loss', 'cross-entropy,focale'], /did you mean "focal"/],
    ['a seed among several', ['--seed', '1,2'], /It must be a whole number >= 0/],
    ['seed and seeds', ['--seeds', '1..2', '--seed', '3'], /--seed and --seeds say the same: leave one out/],
    [
      'a dry run',
      ['--seeds', '1..2', '--dry-run'],
      /Cannot use --dry-run for several runs: --plan shows what would run/,
    ],
    ['a profile', ['--seeds', '1..2', '--profile'], /Cannot use --profile for several runs/],
    ['two networks', ['resnet20'], /Cannot use "resnet20": only flags for sbatch may follow/],
    ['flags for nobody', ['--', '--time=1'], /Cannot use "--time=1": only flags for sbatch/],
    ['a value that does not go', ['--classifier', 'linear,cosine', '--loss', 'ldam(0.5, 30)'], /Cannot use loss ldam/],
  ])('refuses %s', async (_, words, message) => {
    const exit = await cli.run([...TRAIN, ...words]);
    expect(exit).toMatchObject({ code: 2, stdout: '' });
    expect(exit.stderr).toMatch(message);
  });
});

describe('a task', () => {
  it('is refused without a plan, and where the words are not those of the plan', async () => {
    const alone = await cli.run([...SWEEP, '--out', 'unseen', '--task', '0']);
    expect(alone).toMatchObject({ code: 1, stdout: '' });
    expect(alone.stderr).toMatch(
      /^error: Cannot run task 0 of unseen on host \S+: plan.json must be there, it is not; make it .* share\n$/,
    );
    const { code, stdout } = await cli.run([...SWEEP, '--out', 'planned', '--commands']);
    expect({ code, lines: stdout.trim().split('\n').length }).toEqual({ code: 0, lines: 4 });
    const { stdout: json } = await cli.run([...SWEEP, '--out', 'planned', '--commands', '--json']);
    const tasks = stdout
      .trim()
      .split('\n')
      .map((command, number) => ({ number, command }));
    expect(JSON.parse(json)).toEqual({ tasks });
    const other = await cli.run([...SWEEP, '--out', 'planned', '--seeds', '2', '--task', '0']);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('it is of another (task 0 is resnet8-loss-cross-entropy-seed-1 there,');
    expect((await cli.run([...SWEEP, '--out', 'planned', '--task', '4'])).stderr).toContain('must be below 4');
  });

  it('is refused on a machine that would compute other digits', async () => {
    const env = { TAILNAS_KERNELS: 'portable' };
    const { code, stderr } = await cli.run([...SWEEP, '--out', 'planned', '--task', '0'], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/versions must be those of plan.json, kernels is .* there and fused, portable here; choose/);
  });

  it('runs one of them; stopped before anything is saved it fails, so that nobody queues it again', async () => {
    const done = await cli.run([...SWEEP, '--out', 'planned', '--task'], { env: { JOB_COMPLETION_INDEX: '2' } });
    expect(done.code, done.stderr).toBe(0);
    expect(readdirSync(path('planned', 'runs'))).toEqual([RUNS[2]]);
    const stopped = cli.start([...SWEEP, '--out', 'planned', '--task', '1']);
    await stopped.said(' seed 1 …');
    stopped.send('SIGTERM');
    const { code, stderr } = await stopped.exit;
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: stopped before anything could be saved: give a task more time\n$/);
  });

  it('is a search and what goes on from it, one after the other', async () => {
    const cells = ['--layers', '1', '--nodes', '1', '--epochs', '1', '--imbalance', 'natural'];
    const words = ['reproduce', 'table2', ...SIZES, ...cells, '--seeds', '4', '--out', 'chain', '--quiet'];
    const { stdout } = await cli.run([...words, '--commands']);
    expect(stdout.match(/--task \d$/gm)).toEqual([0, 1, 2, 3, 4].map((n) => `--task ${n}`));
    const { code, stderr } = await cli.run([...words, '--task', '3']);
    expect(code, stderr).toBe(0);
    expect(readdirSync(path('chain', 'runs')).sort()).toEqual(['hls-continued-half-seed-4', 'hls-seed-4']);
    const { info, readEvaluation } = openRun(path('chain', 'runs', 'hls-continued-half-seed-4'));
    expect(info.from).toMatch(/hls-seed-4$/);
    expect(readEvaluation()).toBeDefined();
  });

  it('pins the kernels that were asked for', async () => {
    const env = { TAILNAS_KERNELS: 'portable' };
    const { stdout } = await cli.run([...SWEEP, '--out', 'pinned', '--commands'], { env });
    expect(stdout).toMatch(/^cd \S+ && TAILNAS_KERNELS=portable \S+node \S+main\.js train resnet8 .* --task 0\n/);
  });
});

describe('--on slurm', () => {
  const submit = (...words: string[]): Promise<Exit> =>
    cli.run([...SWEEP, '--out', 'cluster', '--on', 'slurm', ...words]);

  it('shows what it would submit, and writes nothing', async () => {
    const { code, stdout } = await submit('--plan', '--', '--time=1:00:00');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sbatch .*--array=0,1,2,3 .*--signal=B:USR1@120 .*--time=1:00:00 \S+task\.sh$/m);
    expect(stdout).toMatch(/^sbatch .*'--dependency=afterany:<array>' .*--time=1:00:00 \S+tables\.sh$/m);
    expect(existsSync(path('cluster'))).toBe(false);
  });

  it.each([
    ['without threads', TRAIN.filter((w, i) => w !== '--threads' && TRAIN[i - 1] !== '--threads'), 'needs --threads'],
    ['with an array of its own', [...TRAIN, '--', '--array=1-9'], 'Cannot pass --array=1-9 to sbatch'],
  ])('is refused %s', async (_, words, message) => {
    const end = words.indexOf('--');
    const own = ['--on', 'slurm', '--out', 'cluster'];
    const exit = await cli.run(end < 0 ? [...words, ...own] : [...words.slice(0, end), ...own, ...words.slice(end)]);
    expect(exit).toMatchObject({ code: 2, stdout: '' });
    expect(exit.stderr).toContain(message);
  });
});
