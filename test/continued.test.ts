import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun } from '../src/run/index.js';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { given } from './support/fixtures.js';
import { writeImages } from './support/images.js';
import { outcomeOf } from './support/outcome.js';

const SIZE = '--threads 1 --channels 2 --layers 3 --nodes 1 --batch-size 8 --epochs 2'.split(' ');
const TINY = ['--data', 'data', '--imbalance', 'natural', '--image-size', '16', ...SIZE];

let cli: Cli;
let parent: Exit;
const path = (...names: string[]): string => join(cli.folder, ...names);

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('data', 'train'), { cat: 40, dog: 12 });
  await writeImages(path('data', 'test'), { cat: 6, dog: 6 });
  parent = await cli.run(['search', 'hls', ...TINY, '--out', 'hls']);
}, 300_000);
afterAll(() => cli?.dispose());

const outcome = (run: string) => outcomeOf(path(run));

describe('a search that is continued', { timeout: 120_000 }, () => {
  it('comes to the same to the bit, whether it searches itself or continues from the search of another run', async () => {
    expect(parent).toMatchObject({ code: 0 });
    const [own, forked] = [
      await cli.run(['search', 'hls-continued-half', ...TINY, '--out', 'own']),
      // Its data are those of the run that it goes on from.
      await cli.run(['search', 'hls-continued-half', ...SIZE, '--from', 'hls', '--out', 'forked']),
    ];
    expect([own.code, forked.code]).toEqual([0, 0]);
    expect(forked.stderr).toContain('continuing from hls after its 2 epochs');
    expect(outcome('forked')).toEqual(outcome('own'));
    expect(outcome('own').records.map((r) => [r.phase, r.knobs['mixing']])).toEqual([
      ['search', 1],
      ['search', 0.75],
      ['continued', 0.5],
    ]);
    expect(outcome('own').records.slice(0, 2)).toEqual(outcome('hls').records);
  });

  it('chooses cells by what accuracy depends on, after a search that was finished without it', async () => {
    const words = ['--projection', '1'];
    const [own, forked] = [
      await cli.run(['search', 'hls', ...TINY, ...words, '--out', 'projected']),
      await cli.run(['search', 'hls', ...SIZE, ...words, '--from', 'hls', '--out', 'projected-later']),
    ];
    expect([own.code, forked.code]).toEqual([0, 0]);
    expect(outcome('projected-later')).toEqual(outcome('projected'));
  });

  it('is resumed after a kill in the further phase to the same end', async () => {
    const args = ['search', 'hls-continued-frozen', ...TINY, '--from', 'hls', '--checkpoint-minutes', '0'];
    expect(await cli.run([...args, '--out', 'whole'])).toMatchObject({ code: 0 });
    const running = cli.start([...args, '--out', 'killed']);
    await running.said('search:');
    // Once a checkpoint beyond the parent's is there, the phase has begun.
    while (!readdirSync(path('killed', 'checkpoints')).some((file) => /^epoch-0*2-step-0*[1-9]/.test(file)))
      await new Promise((resolve) => setTimeout(resolve, 2));
    running.send('SIGKILL');
    expect((await running.exit).signal).toBe('SIGKILL');
    expect(await cli.run(['resume', 'killed'])).toMatchObject({ code: 0 });
    expect(outcome('killed')).toEqual(outcome('whole'));
  });

  it.each([
    ['another seed', ['hls-continued-half', '--seed', '1'], /its seed must be the new run's, it is 0 there and 1 here/],
    [
      'other sizes',
      ['hls-continued-half', '--channels', '3'],
      /its channels must be the new run's, it is 2 there and 3 here/,
    ],
    [
      'another freeze',
      ['hls-continued-half', '--freeze', 'sqrt'],
      /its freeze must be the new run's, it is "exp" there/,
    ],
    ['a recipe that stops there', ['hls'], /hls must have a phase beyond those of hls, it has 1 of 1/],
    ['what is no run', ['hls-continued-half', '--from', 'data'], /a run folder holds run.json, this one does not/],
  ])('refuses %s, and writes nothing', async (_, [recipe = '', ...rest], message) => {
    const exit = await cli.run(['search', recipe, ...TINY, '--from', 'hls', '--out', 'refused', ...rest]);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(message);
    expect(readdirSync(cli.folder)).not.toContain('refused');
  });

  it('refuses half a description of data', async () => {
    const exit = await cli.run([
      'search',
      'hls-continued-half',
      ...SIZE,
      '--from',
      'hls',
      '--grey',
      '--out',
      'refused',
    ]);
    expect(exit.code).toBe(2);
    expect(exit.stderr).toContain('--grey needs --data: without it, the data are those of hls, as it had them');
  });
});

describe('evaluate', { timeout: 60_000 }, () => {
  it('sweeps the mixing, marks what validation chose, and shows what the test would have chosen', async () => {
    const { code, stdout } = await cli.run(['evaluate', 'hls', '--mixing', '0:1:0.25']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}at +mixing [\d.]+, best of 5 on the validation images$/m);
    expect(stdout).toMatch(/^ {2}best on the test itself +[\d.]+ % at mixing [\d.]+ \(optimistic/m);
    expect(stdout.match(/^ *mixing (0|0\.25|0\.5|0\.75|1) .*%/gm)).toHaveLength(5);
    expect(stdout.match(/← chosen/g)).toHaveLength(1);
    expect(stdout).toMatch(/^ +cat +dog\ncat +\d+ +\d+\ndog +\d+ +\d+$/m);
  });

  it('tests at one mixing, as the run itself did at the one it chose', async () => {
    const written = given(openRun(path('hls')).readEvaluation());
    const { code, stdout } = await cli.run(['evaluate', 'hls', '--mixing', String(written.at.mixing), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).evaluation).toEqual({ ...written, answers: null });
  });

  it.each(['1.5', '0:2:0.1', '0:1:0', 'a', '0:1', '1:0:0.1', '-0.1'])('refuses the mixing %s', async (mixing) => {
    const exit = await cli.run(['evaluate', 'hls', `--mixing=${mixing}`]);
    expect(exit).toMatchObject({ code: 2, stdout: '' });
    expect(exit.stderr).toMatch(/It must be one ratio in \[0, 1\], or from:to:step within it/);
  });
});

describe('a search of one epoch', { timeout: 60_000 }, () => {
  it('says that its class head was never trained', async () => {
    const { code, stderr } = await cli.run(['search', 'hls', ...TINY, '--epochs', '1', '--out', 'one']);
    expect(code).toBe(0);
    expect(stderr).toContain('the mixing is 1 in every epoch: the class head is not trained at all');
  });
});

describe('options of the method', { timeout: 60_000 }, () => {
  const dry = (...args: string[]) => cli.run(['search', ...args, ...TINY, '--dry-run', '--json']);

  it('are recorded, and resumed with', async () => {
    const flags = ['--mixing', 'linear(1, 0)', '--freeze', 'sqrt', '--bn-scope', 'perBranch', '--logit-scale', '2'];
    const args = ['search', 'hls', ...TINY, ...flags, '--arch-optimizer', 'sgd', '--out', 'switched'];
    const running = cli.start([...args, '--checkpoint-minutes', '0']);
    await running.said('search:');
    running.send('SIGINT');
    expect((await running.exit).code).toBe(130);
    expect(await cli.run(['resume', 'switched'])).toMatchObject({ code: 0 });
    const { experiment, changes } = openRun(path('switched')).info;
    const changed = {
      mixing: 'linear(1, 0)',
      freeze: 'sqrt',
      bnScope: 'perBranch',
      logitScale: 2,
      archOptimizer: 'sgd',
    };
    expect(changes).toEqual(changed);
    expect(experiment.options).toMatchObject(changed);
    expect(experiment.phases[0]?.knobs).toMatchObject({
      mixing: 'linear(1, 0)',
      'archLr.backbone': 'constant(0.02) × softFreeze(linear(1, 0), sqrt)',
    });
    expect(outcome('switched').records.map((r) => r.knobs['mixing'])).toEqual([1, 0.5]);
  });

  it.each([
    ['a mixing beyond 1', ['hls', '--mixing', 'constant(1.5)'], /must be in \[0, 1\], got 1.5 at t = 0.00/],
    ['a schedule that is none', ['hls', '--mixing', 'parabolic'], /unknown schedule "parabolic": did you mean/],
    [
      'an option of another method',
      ['darts', '--bn-scope', 'joint'],
      /--bn-scope with darts: it has one branch; use darts-bbn or hls/,
    ],
    ['a freeze where nothing freezes', ['darts-bbn', '--freeze', 'sqrt'], /--freeze: darts-bbn has no such option/],
    ['a scale of 0', ['hls', '--logit-scale', '0'], /It must be a number > 0/],
  ])('refuse %s, before training', async (_, args, message) => {
    const exit = await dry(...args);
    expect(exit).toMatchObject({ code: 2, stdout: '' });
    expect(exit.stderr).toMatch(message);
  });
});
