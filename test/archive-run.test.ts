import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRun } from '../src/run/index.js';
import { buildCli, type Cli } from './support/cli.js';
import { writeImages } from './support/images.js';

const TINY = '--channels 4 --batch-size 8 --epochs 2 --threads 1 --image-size 16'.split(' ');

let cli: Cli;
const path = (...names: string[]): string => join(cli.folder, ...names);
const run = async (...args: string[]) => {
  const exit = await cli.run(args);
  expect(exit.code, exit.stderr).toBe(0);
  return exit;
};
/** What the network came to, epoch by epoch. */
const scores = (folder: string) =>
  openRun(path(folder))
    .records()
    .map(({ trainLoss, validLoss, perClassAccuracy }) => ({ trainLoss, validLoss, perClassAccuracy }));

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('pets', 'train'), { cat: 12, dog: 8 });
  await writeImages(path('pets', 'test'), { cat: 4, dog: 3 });
  execFileSync('tar', ['-czf', path('pets.tgz'), '-C', cli.folder, 'pets']);
}, 300_000);
afterAll(() => cli?.dispose());

it('a run on an archive is that on its folder, and is resumed, evaluated and predicted with it', async () => {
  const train = (data: string, out: string, ...flags: string[]) =>
    run('train', 'resnet8', '--data', data, ...TINY, '--out', out, ...flags);
  const dry = JSON.parse((await train('pets.tgz', 'none', '--dry-run', '--json')).stdout);
  expect(dry.data.account).toMatchObject({ archive: 'tar.gz', parts: { train: 'pets/train', test: 'pets/test' } });
  await train('pets', 'folder');
  await train('pets.tgz', 'archive', '--profile', '1');
  const { info } = openRun(path('archive'));
  expect(info.data).toMatchObject({ name: 'pets.tgz', spec: path('pets.tgz'), account: { archive: 'tar.gz' } });
  expect(info.data.fingerprint).toBe(openRun(path('folder')).info.data.fingerprint);
  rmSync(path('pets'), { recursive: true });
  expect((await run('resume', 'archive')).stderr).toContain('resuming at epoch 1, step 2');
  expect(scores('archive')).toEqual(scores('folder'));
  expect(openRun(path('archive')).readEvaluation()).toEqual(openRun(path('folder')).readEvaluation());
  const [own, other] = [await run('evaluate', 'archive'), await run('evaluate', 'archive', '--data', 'pets.tgz')];
  for (const { stdout } of [own, other]) expect(stdout).toMatch(/cat .* of 4 .*\n.*dog .* of 3 /);
  const { stdout } = await run('predict', 'archive', 'pets.tgz/pets/test', '--csv', '--quiet');
  expect(stdout.split('\n').filter((line) => line.includes('pets.tgz/pets/test/cat/'))).toHaveLength(4);
});
