import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonCommand } from '../src/engine/locate.js';
import { openRun } from '../src/run/index.js';
import { buildCli, type Cli, type Running } from './support/cli.js';
import { writeImages } from './support/images.js';

const SIZES = '--imbalance natural --image-size 16 --threads 1 --channels 2 --batch-size 4 --epochs 4'.split(' ');
const CELLS = ['--layers', '1', '--nodes', '1'];
const TWO = ['--processes', '2'];
const EVERY_STEP = ['--checkpoint-minutes', '0'];

let cli: Cli;
let data: string[];
const path = (...names: string[]): string => join(cli.folder, ...names);
const search = (run: string, ...more: readonly string[]): string[] => [
  ...['search', 'darts', ...data, ...SIZES, ...CELLS, ...more, '--out', run],
];

/** All that must not depend on when a run was stopped. */
const outcome = (run: string) => {
  const [newest = ''] = readdirSync(path(run, 'checkpoints')).sort().reverse();
  const read = (name: string): string => readFileSync(path(run, name), 'utf8');
  return {
    checkpoint: [newest, readFileSync(path(run, 'checkpoints', newest)).toString('base64')],
    evaluation: read('evaluation.json'),
    genotype: read('genotype.json'),
    metrics: read('metrics.jsonl').replace(
      /"seal":"[0-9a-f]+",|,"seconds":[^,]*,"imagesPerSecond":[^,]*,"peakMemoryBytes":\d+/g,
      '',
    ),
  };
};

/** The other processes of a command. */
const twinsOf = ({ pid }: Running): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);

/** A port that was free just now. */
const freePort = async (keep = false): Promise<{ port: number; close: () => void }> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = (): void => void server.close();
  if (!keep) close();
  return { port: address.port, close };
};

/** The environment that a launcher gives to each of two processes. */
const launchedAs = (rank: number, port: number) => ({
  ...{ RANK: `${rank}`, WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${port}` },
});

beforeAll(async () => {
  cli = await buildCli();
  data = ['--data', path('data')];
  await writeImages(path('data', 'train'), { cat: 20, dog: 12, owl: 6 });
  await writeImages(path('data', 'test'), { cat: 3, dog: 3, owl: 3 });
  const { code, stderr } = await cli.run(search('whole', ...TWO));
  expect(stderr).not.toContain('error');
  expect(stderr).toContain('2 processes share each batch');
  expect(code).toBe(0);
}, 300_000);
afterAll(() => cli?.dispose());

describe('a run of two processes', () => {
  it('says so in run.json, and is resumed by as many or not at all', async () => {
    expect(openRun(path('whole')).info.processes).toBe(2);
    const { code, stderr } = await cli.run(['resume', 'whole', '--processes', '1']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('whole is complete')]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('stops at the same step when one is told to: %s', async (signal) => {
    const run = `stopped-${signal}`;
    const running = cli.start(search(run, ...TWO, ...EVERY_STEP));
    await running.said('epoch 1/');
    const [twin = 0] = twinsOf(running);
    process.kill(twin, signal);
    const { code, stderr } = await running.exit;
    expect([code, stderr]).toEqual([143, expect.stringContaining(`saved; continue with: tailnas resume ${run}`)]);
    const other = await cli.run(['resume', run, '--processes', '1']);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('it must go on as 2 processes')]);
    expect((await cli.run(['resume', run])).code).toBe(0);
    expect(outcome(run)).toEqual(outcome('whole'));
  });

  it('ends within seconds when one is killed, says how to go on, and ends in the same bytes', async () => {
    const running = cli.start(search('killed', ...TWO, ...EVERY_STEP));
    await running.said('epoch 1/');
    const [twin = 0] = twinsOf(running);
    process.kill(twin, 'SIGKILL');
    const late = setTimeout(20_000, 'late', { ref: false });
    expect(await Promise.race([running.exit, late])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /process 1: it was killed \(SIGKILL\)\nerror: Cannot go on with killed: another of its 2 processes has ended; its own message says why; continue with `tailnas resume killed`\n$/,
      ),
    });
    expect(openRun(path('killed')).failure()).toContain('another of its 2 processes has ended');
    expect((await cli.run(['resume', 'killed'])).code).toBe(0);
    expect(outcome('killed')).toEqual(outcome('whole'));
  });

  it('leaves nobody behind when the first is killed', async () => {
    const running = cli.start(search('orphans', ...TWO, ...EVERY_STEP));
    await running.said('epoch 1/');
    const [twin = 0] = twinsOf(running);
    running.send('SIGKILL');
    await running.exit;
    const lives = (): boolean => {
      try {
        return !/\) Z /.test(readFileSync(`/proc/${twin}/stat`, 'utf8'));
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 200 && lives(); i++) await setTimeout(50);
    expect(lives()).toBe(false);
  });
});

describe('two processes that a launcher starts', () => {
  const both = async (words: (rank: number) => string[]) => {
    const { port } = await freePort();
    return Promise.all([0, 1].map((rank) => cli.start(words(rank), { env: launchedAs(rank, port) }).exit));
  };

  it('do as --processes does, and only the first says anything', async () => {
    const [first, second] = await both(() => search('launched'));
    expect([first?.code, second?.code]).toEqual([0, 0]);
    expect(second?.stdout).toBe('');
    expect(second?.stderr).toBe('');
    expect(outcome('launched')).toEqual(outcome('whole'));
  });

  it('are refused with different options, and nothing is written', async () => {
    const ends = await both((rank) => search('unlike', '--weight-lr', `0.0${rank + 1}`));
    for (const { code, stderr } of ends)
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(
          'all must have the same --weight-lr, it is 0.01 in process 0 and 0.02 in process 1; start all with the same',
        ),
      ]);
    expect(readdirSync(cli.folder)).not.toContain('unlike');
  });

  it('are told of a port that is in use', async () => {
    const { port, close } = await freePort(true);
    const { code, stderr } = await cli.start(search('port'), { env: launchedAs(0, port) }).exit;
    close();
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`Cannot meet the other processes: port ${port} of this host is in use; set MASTER_PORT`),
    ]);
  });

  it.each([
    [['fit', '--data', 'data'], 'Cannot fit as 2 processes: torchrun has started as many'],
    [['reproduce', 'table2'], 'Cannot reproduce as 2 processes'],
    [['search', 'darts', '--processes', '4', '--batch-size', '8'], 'Cannot use --processes 4: torchrun has started 2'],
  ])('are refused where they cannot share: %s', async (words, message) => {
    const { code, stderr } = await cli.start(words, { env: launchedAs(0, 1) }).exit;
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

const torchrun = ['torchrun', join(dirname(pythonCommand(process.env)), 'torchrun')].find(
  (command) => spawnSync(command, ['--help']).status === 0,
);

describe.skipIf(torchrun === undefined)('torchrun, where there is a Python with torch', () => {
  it('starts two processes that end in the same bytes', () => {
    const words = ['--standalone', '--no-python', '--nproc-per-node', '2', '--', process.execPath, cli.main];
    const { status } = spawnSync(torchrun ?? '', [...words, ...search('torchrun', '--quiet')], { cwd: cli.folder });
    expect(status).toBe(0);
    expect(outcome('torchrun')).toEqual(outcome('whole'));
  }, 120_000);
});

describe('--processes', () => {
  it.each([
    ['hls', '2', CELLS],
    ['darts', '4', [...CELLS, '--order', '2']],
  ])('searches by %s as %s processes', async (recipe, size, more) => {
    const run = `${recipe}-${size}`;
    const words = ['search', recipe, ...data, ...SIZES, ...more, '--processes', size, '--epochs', '1', '--out', run];
    const { code, stderr } = await cli.run(words);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    expect(openRun(path(run)).info.processes).toBe(Number(size));
  });

  it('trains, also with dropped paths and a second stage', async () => {
    const epochs = ['--epochs', '1', '--classifier-stage', '1'];
    for (const [network, more] of [
      ['resnet8', []],
      ['darts-v2', ['--layers', '3', '--drop-path', '0.3']],
    ] as const) {
      const words = ['train', network, ...data, ...SIZES, ...epochs, ...more, ...TWO, '--out', `trained-${network}`];
      const { code, stderr } = await cli.run(words);
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    }
  });

  it.each([
    [['random-ws'], TWO, 'a search among whole architectures does not share its steps'],
    [['p-darts', '--epochs', '3'], TWO, 'a search in --stages does not share its steps'],
    [['darts'], ['--processes', '3'], '--batch-size must be a multiple of 3, it is 4; use --batch-size 3'],
    [['darts'], ['--processes', '8'], '--batch-size must be a multiple of 8, it is 4; use --batch-size 8'],
  ])('is refused where a batch or a method cannot be shared: %s %s', async (recipe, processes, message) => {
    const { code, stderr } = await cli.run(['search', ...recipe, ...data, '--batch-size', '4', ...processes]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('is forecast as what all of them need together', async () => {
    const words = [...search('none'), '--dry-run', '--json', '--channels', '16'];
    const memory = async (...more: readonly string[]): Promise<number> =>
      JSON.parse((await cli.run([...words, ...more])).stdout).expectedMemoryBytes;
    // So many images that what a process holds besides them, which varies with the machine's load, hardly counts.
    const half = await memory('--batch-size', '512');
    const two = await memory('--batch-size', '1024', ...TWO);
    expect(Math.abs(two / (2 * half) - 1)).toBeLessThan(0.05);
  });
});
