import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Rng } from '../src/data/rng.js';
import { loadRun, reportPage } from '../src/page/index.js';
import { openRun } from '../src/run/index.js';
import { buildCli, type Cli, type Exit, type Running } from './support/cli.js';
import { adoptCheckpoint, editJson } from './support/edit-run.js';
import { writeImage, writeImages } from './support/images.js';

const SIZES =
  '--imbalance natural --image-size 16 --threads 1 --channels 2 --layers 1 --nodes 1 --batch-size 4 --epochs 5';
const EVERY_STEP = ['--checkpoint-minutes', '0'];

let cli: Cli;
let search: readonly string[];

const path = (run: string, ...names: string[]): string => join(cli.folder, run, ...names);

/** Checkpoint files, newest first. */
const checkpoints = (run: string): string[] =>
  readdirSync(path(run, 'checkpoints'))
    .sort()
    .reverse()
    .map((name) => path(run, 'checkpoints', name));

const isMidEpoch = (file: string | undefined): boolean => file !== undefined && !file.includes('-step-000000-');

/** All that must not depend on when a run was stopped: everything but times and memory. */
const outcome = (run: string) => {
  const [newest = ''] = checkpoints(run);
  const read = (name: string): string => readFileSync(path(run, name), 'utf8');
  return {
    metrics: read('metrics.jsonl').replace(
      /"seal":"[0-9a-f]+",|,"seconds":[^,]*,"imagesPerSecond":[^,]*,"peakMemoryBytes":\d+/g,
      '',
    ),
    checkpoint: [newest.split('/').at(-1), createHash('sha256').update(readFileSync(newest)).digest('hex')],
    evaluation: read('evaluation.json'),
    genotype: read('genotype.json'),
  };
};

/** A summary without what the clock and the machine say. */
const timeless = (summary: string): string => summary.replace(/^time and memory .*\n/m, '');

/** Runs to the end without a stop; `milliseconds` are those of training and testing, loading apart. */
const whole = async (run: string, args: readonly string[] = ['darts']) => {
  const running = cli.start([...search, ...args, '--out', run]);
  await running.said('search:');
  const began = performance.now();
  const { code, stdout } = await running.exit;
  expect(code).toBe(0);
  return { summary: timeless(stdout), outcome: outcome(run), milliseconds: performance.now() - began };
};

/** Starts a run and tells it to stop once its first epoch is over. */
const stopMidway = async (run: string, signal: NodeJS.Signals): Promise<Exit> => {
  const running = cli.start([...search, 'darts', ...EVERY_STEP, '--out', run]);
  await running.said('epoch 1/');
  running.send(signal);
  return running.exit;
};

let finished: Awaited<ReturnType<typeof whole>>;
let stopped: Exit; // the run `stopped` ended in the middle of its second epoch or later; tests work on copies of it

beforeAll(async () => {
  cli = await buildCli();
  const data = join(cli.folder, 'data');
  await writeImages(join(data, 'train'), { cat: 20, dog: 12, owl: 6 });
  await writeImages(join(data, 'test'), { cat: 3, dog: 3, owl: 3 });
  search = ['search', '--data', data, ...SIZES.split(' ')];
  finished = await whole('finished');
  stopped = await stopMidway('stopped', 'SIGINT');
}, 300_000);
afterAll(() => cli?.dispose());

const copy = (from: 'stopped' | 'finished', run: string): string => {
  cpSync(path(from), path(run), { recursive: true });
  return run;
};

describe('a run that is killed', () => {
  const rng = new Rng(20, 'kills');
  let kills = 0;
  let midEpoch = 0;

  const killWithin = async (running: Running, milliseconds: number): Promise<void> => {
    await Promise.race([running.exit, setTimeout(rng.uniform() * milliseconds)]);
    running.send('SIGKILL');
    if ((await running.exit).signal === 'SIGKILL') kills++;
  };

  /** Kills a run three times: between its first step and its last, there again after a resume, and while a resume loads or trains. */
  const killed = async (
    run: string,
    { recipe, saving, training }: { recipe: readonly string[]; saving: readonly string[]; training: number },
  ) => {
    const first = cli.start([...search, ...recipe, ...saving, '--out', run]);
    const resume = () => cli.start(['resume', run, ...saving]);
    await first.said('search:');
    await killWithin(first, training);
    if (isMidEpoch(checkpoints(run)[0])) midEpoch++;
    const second = resume();
    await second.said('search:');
    await killWithin(second, training / 2);
    if (isMidEpoch(checkpoints(run)[0])) midEpoch++;
    await killWithin(resume(), 2 * training);
    expect(await resume().exit).toMatchObject({ code: 0 });
    return outcome(run);
  };

  it.each([
    ['darts', ['darts']],
    ['second order', ['darts', '--order', '2']],
    ['darts-resampling', ['darts-resampling']],
  ])('ends as if it had not been, to the byte: %s', async (name, recipe) => {
    const { outcome: expected, milliseconds } = await whole(name, recipe);
    const training = milliseconds * 0.6; // the rest is the test and the drawings
    expect(await killed(`${name}, saved each step`, { recipe, saving: EVERY_STEP, training })).toEqual(expected);
    expect(await killed(`${name}, saved each epoch`, { recipe, saving: [], training })).toEqual(expected);
  });

  it('was killed often enough, in the middle of epochs too, for that to mean something', () => {
    expect(kills).toBeGreaterThanOrEqual(10);
    expect(midEpoch).toBeGreaterThan(0);
  });
});

describe('a run that is told to stop', () => {
  it('saves where it is on Ctrl-C, leaves with 130 and says how to continue', async () => {
    expect(stopped).toMatchObject({ code: 130, stdout: '' });
    expect(stopped.stderr).toContain('stopping after this step');
    expect(stopped.stderr).toContain('saved; continue with: tailnas resume stopped');
    expect(checkpoints('stopped')).toHaveLength(3);
    const run = copy('stopped', 'ctrl-c');
    const resumed = await cli.run(['resume', run]);
    expect(resumed.code).toBe(0);
    expect(timeless(resumed.stdout)).toBe(finished.summary.replaceAll('finished', run));
    expect(outcome(run)).toEqual(finished.outcome);
  });

  it('leaves with 143 on SIGTERM, and resumes to the same end', async () => {
    expect(await stopMidway('terminated', 'SIGTERM')).toMatchObject({ code: 143 });
    expect(await cli.run(['resume', 'terminated'])).toMatchObject({ code: 0 });
    expect(outcome('terminated')).toEqual(finished.outcome);
  });
});

describe('a damaged checkpoint', () => {
  const flip = (file: string): void => {
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };

  it.each([
    ['flipped byte', flip],
    ['cut file', (file: string) => truncateSync(file, 1000)],
  ])('is passed over for the one before, which is said: %s', async (name, damage) => {
    const run = copy('stopped', name);
    const [newest = ''] = checkpoints(run);
    damage(newest);
    const resumed = await cli.run(['resume', run]);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toContain(`${newest.split('/').at(-1)} is damaged: going back to the one before`);
    expect(outcome(run)).toEqual(finished.outcome);
  });

  it('says of each epoch what computed it, where that is not what the run began with', async () => {
    const run = copy('stopped', 'other kernels');
    vi.stubEnv('TAILNAS_KERNELS', 'composite');
    expect((await cli.run(['resume', run])).stderr).toMatch(
      /^kernels was fused, \w+ when the run began and is plain now/m,
    );
    vi.unstubAllEnvs();
    const { info, records } = openRun(path(run));
    const [first, ...others] = records().map((record) => record.versions);
    expect([first, others.length]).toEqual([undefined, 4]);
    for (const versions of others) expect(versions).toEqual({ ...info.versions, kernels: 'plain' });
    const runs = [loadRun(path(run))];
    expect(await reportPage(runs, { command: [] })).toMatch(
      /version of kernels<[^>]*>(?:<[^>]*>)*fused, \w+, then plain</,
    );
  });

  it('takes the records past the one before it along', async () => {
    const run = copy('finished', 'back an epoch');
    for (const name of ['evaluation.json', 'genotype.json']) rmSync(path(run, name)); // as if killed before the test
    flip(checkpoints(run)[0] ?? '');
    const resumed = await cli.run(['resume', run]);
    expect(resumed.stderr).toContain('resuming at epoch 5, step 0');
    expect(outcome(run)).toEqual(finished.outcome);
  });

  it('ends the resume when there is no other, and names all', async () => {
    const run = copy('stopped', 'all damaged');
    for (const file of checkpoints(run)) flip(file);
    const resumed = await cli.run(['resume', run]);
    expect(resumed).toMatchObject({ code: 1, stdout: '' });
    expect(resumed.stderr).toMatch(/^error: Cannot read checkpoints in .*start a new run\n$/);
    for (const file of checkpoints(run)) expect(resumed.stderr).toContain(file.split('/').at(-1));
  });
});

describe('a run folder', () => {
  it('is refused to a second process, and the first continues unharmed', async () => {
    const first = cli.start([...search, 'darts', '--out', 'shared']);
    await first.said('search:');
    first.send('SIGSTOP'); // or it could be done before the second has started
    const second = await cli.run(['resume', 'shared']);
    const third = await cli.run([...search, 'darts', '--out', 'shared']);
    first.send('SIGCONT');
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(/^error: Cannot open run shared: process \d+ is using it; wait for it or stop it\n$/);
    expect(third).toMatchObject({ code: 1, stdout: '' });
    expect(third.stderr).toContain('Cannot create run shared: it already holds a run');
    expect(await first.exit).toMatchObject({ code: 0 });
    expect(outcome('shared')).toEqual(finished.outcome);
  });

  it('that is complete is left as it is, and summed up again', async () => {
    const resumed = await cli.run(['resume', 'finished']);
    expect(resumed.code).toBe(0);
    expect(timeless(resumed.stdout)).toBe(finished.summary);
    expect(resumed.stderr).toContain('finished is complete: nothing to resume');
    expect(outcome('finished')).toEqual(finished.outcome);
  });

  it('is not continued when the data have changed', async () => {
    const run = copy('stopped', 'other data');
    const image = join(cli.folder, 'data', 'train', 'cat', '3.png');
    const before = readFileSync(image);
    await writeImage(image, { seed: 77 });
    const resumed = await cli.run(['resume', run]);
    writeFileSync(image, before);
    expect(resumed).toMatchObject({ code: 1, stdout: '' });
    expect(resumed.stderr).toContain(`Cannot continue ${run}: its data must not have changed`);
    expect(resumed.stderr).toContain(join(cli.folder, 'data'));
    expect(await cli.run(['resume', run])).toMatchObject({ code: 0 });
    expect(outcome(run)).toEqual(finished.outcome);
  });
});

describe('a seed', () => {
  it('gives the same run twice, and another one another', async () => {
    const again = await whole('again');
    const { outcome: other } = await whole('other seed', ['darts', '--seed', '1']);
    expect(again.outcome).toEqual(finished.outcome);
    expect(other.metrics).not.toBe(finished.outcome.metrics);
    expect(other.checkpoint).not.toEqual(finished.outcome.checkpoint);
  });
});

describe('a search whose numbers are no longer finite', () => {
  it('stops and says where, and its last good checkpoint is continued from', async () => {
    const run = copy('stopped', 'diverged');
    editJson(path(run, 'run.json'), (text) => text.replace(/"weightLr": [\d.]+/, '"weightLr": 1e30'));
    adoptCheckpoint(path(run));
    const before = checkpoints(run);
    const diverged = await cli.run(['resume', run]);
    expect(diverged).toMatchObject({ code: 1, stdout: '' });
    expect(diverged.stderr).toMatch(/\nerror: Training diverged: .+ is not finite at epoch \d+, step \d+\. /);
    expect(checkpoints(run)).toEqual(before);
    for (const name of ['run.json', 'checkpoints']) {
      rmSync(path(run, name), { recursive: true });
      cpSync(path('stopped', name), path(run, name), { recursive: true });
    }
    expect(await cli.run(['resume', run])).toMatchObject({ code: 0 });
    expect(outcome(run)).toEqual(finished.outcome);
  });
});
