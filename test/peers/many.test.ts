import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildCli, type Cli, type Exit } from '../support/cli.js';
import { writeImages } from '../support/images.js';
import { contentOf } from '../support/kills.js';
import { requirePackages, type Slurm, startSlurm } from '../support/slurm.js';

const WORDS = [
  'reproduce figure6 --data data --imbalance natural --image-size 16 --scale smoke --channels 2 --layers 3',
  '--nodes 1 --batch-size 8 --epochs 5 --seeds 1..2 --threads 1',
].flatMap((line) => line.split(' '));
const RUNS = ['darts-bbn-seed-1', 'darts-bbn-seed-2', 'hls-seed-1', 'hls-seed-2'];
const submission = z.object({ array: z.string(), tables: z.string(), tasks: z.array(z.number()) });

let cli: Cli;
let slurm: Slurm;
let whole: Exit;

const path = (...names: string[]): string => join(cli.folder, ...names);

beforeAll(async () => {
  requirePackages('parallel');
  [cli, slurm] = [await buildCli(), await startSlurm()];
  await writeImages(path('data', 'train'), { cat: 130, dog: 12 });
  await writeImages(path('data', 'test'), { cat: 3, dog: 3 });
  whole = await cli.run([...WORDS, '--out', 'whole', '--jobs', '2', '--quiet']);
}, 900_000);
afterAll(async () => {
  await slurm?.stop();
  cli?.dispose();
});

/** Waits until a run has finished an epoch, and is in another. */
const begun = async (out: string, run: string): Promise<void> => {
  const file = path(out, 'runs', run, 'metrics.jsonl');
  while (!existsSync(file) || statSync(file).size === 0) await setTimeout(20);
};

const isDone = (out: string, run: string): boolean => existsSync(path(out, 'runs', run, 'evaluation.json'));

/** All files of a run but checkpoints before the last: which of these are kept depends on where it was stopped. */
const filesOf = (out: string, run: string): Record<string, string> => {
  const files = [...contentOf(path(out, 'runs', run))].toSorted();
  const last = files.findLast(([file]) => file.startsWith('checkpoints/'));
  return Object.fromEntries(files.filter((entry) => entry === last || !entry[0].startsWith('checkpoints/')));
};

const expectSame = (out: string): void => {
  expect(readdirSync(path(out, 'runs')).sort()).toEqual(RUNS);
  for (const run of RUNS) expect(filesOf(out, run)).toEqual(filesOf('whole', run));
};

/** What is printed of runs that are all done. */
const tables = async (out: string): Promise<unknown> => {
  const { stdout } = await cli.run([...WORDS, '--out', out, '--json', '--quiet']);
  return JSON.parse(stdout.replaceAll(`${out}/`, 'out/'), (key, value) =>
    ['seconds', 'peakMemoryBytes'].includes(key) ? undefined : value,
  );
};

describe('an array of jobs in Slurm', { timeout: 600_000 }, () => {
  const submit = (...more: string[]): Promise<Exit> =>
    cli.run([...WORDS, '--out', 'cluster', '--on', 'slurm', '--json', ...more], { env: slurm.env });
  const log = (name: string): string => readFileSync(path('cluster', 'slurm', `${name}.log`), 'utf8');
  let first: z.infer<typeof submission>;

  it('is one task for each search; submitting twice is refused while it is under way', async () => {
    expect(whole.code, whole.stderr).toBe(0);
    const { code, stdout, stderr } = await submit('--', '--time=1:00:00');
    expect(code, stderr).toBe(0);
    first = submission.parse(JSON.parse(stdout));
    expect(first.tasks).toEqual([0, 1, 2, 3]);
    const again = await submit();
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain(`its job ${first.array} must have ended, it is waiting or running`);
  });

  it('saves a task that is warned of its time limit, queues it again, and goes on where it was', async () => {
    await begun('cluster', 'hls-seed-1');
    const warned = `${first.array}_0`;
    await slurm.signal(warned, ['--signal=USR1', '--batch'], () => log(warned).includes('stopping'));
    await begun('cluster', 'darts-bbn-seed-1');
    const killed = `${first.array}_1`;
    await slurm.signal(killed, ['--signal=KILL', '--full'], () => !slurm.queue().some(({ id }) => id === killed));
    await slurm.ended();
    expect(log(warned)).toMatch(/ stopped\n[\s\S]* hls seed 1 … from epoch [2-5]\n.* hls seed 1 done in /);
    expect(RUNS.map((run) => isDone('cluster', run))).toEqual([false, true, true, true]);
  });

  it('makes tables and report at its end, of what is done', () => {
    expect(log(`${first.tables}_tables`)).toMatch(/^1 of 4 runs are not done\n/);
    expect(readFileSync(path('cluster', 'report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
  });

  it('does what is missing when it is submitted again: all is then as if nothing had happened, to the byte', async () => {
    const { code, stdout, stderr } = await submit();
    expect(code, stderr).toBe(0);
    const second = submission.parse(JSON.parse(stdout));
    expect(second.tasks).toEqual([1]);
    await slurm.ended();
    expect(log(`${second.array}_1`)).toMatch(/darts-bbn seed 1 done in /);
    expect(log(`${second.tables}_tables`)).toMatch(/^4 of 4 runs are done already\n/);
    expectSame('cluster');
    expect(await tables('cluster')).toEqual(await tables('whole'));
  });

  it('submits nothing where nothing is missing, and makes the tables here', async () => {
    const { code, stdout } = await submit();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty('rows');
    expect(slurm.queue()).toEqual([]);
  });

  it('says what a queue that refuses says, and leaves nothing in it', async () => {
    const { code, stderr } = await cli.run(
      [...WORDS, '--out', 'refused', '--on', 'slurm', '--', '--partition=nowhere'],
      { env: slurm.env },
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Cannot submit: sbatch refuses \(.*invalid partition specified: nowhere/);
    expect(stderr).toMatch(/correct the flags after --/);
    expect(slurm.queue()).toEqual([]);
  });

  it('is not put back into the queue when someone cancels it', async () => {
    const { stdout } = await cli.run([...WORDS, '--out', 'cancelled', '--on', 'slurm', '--json'], { env: slurm.env });
    const { array } = submission.parse(JSON.parse(stdout));
    await begun('cancelled', 'hls-seed-1');
    await slurm.signal(array, [], () => slurm.queue().every(({ state }) => state !== 'RUNNING'));
    await slurm.ended();
    const said = readFileSync(path('cancelled', 'slurm', `${array}_0.log`), 'utf8');
    expect(said).toMatch(/hls seed 1 stopped\n/);
    expect(said.match(/hls seed 1 …/g)).toHaveLength(1);
    // It had the time to save within the epoch, though two processes told it to stop.
    expect(readdirSync(path('cancelled', 'runs', 'hls-seed-1', 'checkpoints')).at(-1)).not.toMatch(/-step-000000-/);
  });
});

describe('commands for GNU parallel', { timeout: 600_000 }, () => {
  const print = async (): Promise<string> => {
    const { code, stdout, stderr } = await cli.run([...WORDS, '--out', 'lines', '--commands', '--quiet']);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  /** Carries lines out, two at a time; how many failed. */
  const parallel = async (lines: string, disturb: () => Promise<void> = async () => {}): Promise<number | null> => {
    const file = path('lines.txt');
    writeFileSync(file, lines);
    const child = spawn('parallel', ['--will-cite', '--jobs', '2', '-a', file], { cwd: '/', stdio: 'ignore' });
    const exit = once(child, 'exit');
    await disturb();
    const [code] = await exit;
    return code;
  };
  /** Ends the process of a task, and leaves its child to notice. */
  const signal = (name: NodeJS.Signals, task: number): void => {
    const all = spawnSync('pgrep', ['-f', `${cli.main} reproduce .*--out lines .*--task ${task}$`], {
      encoding: 'utf8',
    });
    for (const pid of all.stdout.split('\n').filter(Boolean).map(Number)) {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (command[1] === cli.main) process.kill(pid, name);
    }
  };

  it('are one a line, to be run from anywhere; those of tasks that were stopped are printed again', async () => {
    const lines = await print();
    expect(lines.match(/\n/g)).toHaveLength(4);
    const failed = await parallel(lines, async () => {
      await begun('lines', 'hls-seed-1');
      signal('SIGTERM', 0);
      await begun('lines', 'darts-bbn-seed-1');
      signal('SIGKILL', 1);
    });
    expect(failed).toBe(2);
    const left = await print();
    expect(left.match(/--task \d\n/g)).toEqual(['--task 0\n', '--task 1\n']);
    expect(await parallel(left)).toBe(0);
    expect(await print()).toBe('');
    expectSame('lines');
    expect(await tables('lines')).toEqual(await tables('whole'));
  });

  it('take the number of a task from PARALLEL_SEQ as well', async () => {
    const [first = ''] = (await print()).split('\n');
    expect(first).toBe('');
    const { code, stderr } = await cli.run([...WORDS, '--out', 'lines', '--task'], { env: { PARALLEL_SEQ: '4' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1 of 1 runs are done already\n' });
  });
});
