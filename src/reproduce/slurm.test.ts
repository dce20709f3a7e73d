import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireFlags, requireNotUnderway, type Submission, slurmJobs, submit } from './slurm.js';

let dir: string;
let path: string | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tailnas-slurm-'));
  path = process.env['PATH'];
});
afterEach(() => {
  process.env['PATH'] = path;
  rmSync(dir, { recursive: true, force: true });
});

/** Puts a program of a name onto the path, made of lines of a shell script. */
const program = (name: string, ...lines: string[]): string => {
  const file = join(dir, name);
  writeFileSync(file, `#!/bin/bash\n${lines.join('\n')}\n`);
  chmodSync(file, 0o755);
  return file;
};
const said = (name: string): string => (existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8') : '');

const submission = (more: Partial<Submission> = {}): Submission => ({
  out: dir,
  folder: '/',
  commands: { task: 'tailnas reproduce table1 --task', tables: 'tailnas reproduce table1 --jobs 0' },
  numbers: [0, 2, 3],
  threads: 4,
  flags: [],
  ...more,
});

describe('the script of a task', () => {
  /** Runs it with a task that takes its time, and with a scontrol that says what it was asked for. */
  const carryOut = async (signals: readonly NodeJS.Signals[], onTerm: string) => {
    const task = program(
      'task',
      `trap 'echo TERM >> ${dir}/told; ${onTerm}' TERM`,
      `echo "$@" > ${dir}/started`,
      'for _ in $(seq 40); do sleep 0.05; done',
      'exit 7',
    );
    program('scontrol', `echo "$@" > ${dir}/asked`);
    rmSync(join(dir, 'started'), { force: true });
    const { script } = slurmJobs(submission({ commands: { task: `${task} --task`, tables: '' } })).array;
    const child = spawn('bash', ['-c', script], {
      env: { PATH: `${dir}:${path}`, SLURM_ARRAY_JOB_ID: '12', SLURM_ARRAY_TASK_ID: '3' },
    });
    const exit = once(child, 'exit');
    for (let i = 0; i < 400 && said('started') === ''; i++) await setTimeout(10);
    for (const signal of signals) {
      child.kill(signal);
      await setTimeout(20);
    }
    const [code] = await exit;
    return { code, started: said('started'), told: said('told'), asked: said('asked') };
  };

  it('runs its number, and ends as the task does', async () => {
    expect(await carryOut([], 'exit 75')).toEqual({ code: 7, started: '--task 3\n', told: '', asked: '' });
  });

  it('tells the task of the time limit, and is queued again as a task of its array once that has saved', async () => {
    const ended = await carryOut(['SIGUSR1'], 'sleep 0.3; exit 75');
    expect(ended).toEqual({ code: 75, started: '--task 3\n', told: 'TERM\n', asked: 'requeue 12_3\n' });
  });

  it('is not queued again where the task could not save, or was done', async () => {
    expect(await carryOut(['SIGUSR1'], 'exit 1')).toMatchObject({ code: 1, told: 'TERM\n', asked: '' });
    expect(await carryOut(['SIGUSR1'], 'trap - TERM; kill -TERM $$')).toMatchObject({ code: 143, asked: '' });
    expect(await carryOut(['SIGUSR1'], 'exit 0')).toMatchObject({ code: 0, asked: '' });
  });

  it('is not queued again where someone cancels it, though the task saves', async () => {
    expect(await carryOut(['SIGTERM'], 'exit 75')).toMatchObject({ code: 75, told: 'TERM\n', asked: '' });
  });
});

describe('a submission', () => {
  it('is an array of what is not done, and tables after all of it', () => {
    const { array, tables } = slurmJobs(submission({ jobs: 2, flags: ['--partition=gpu', '--time=1:00:00'] }), '12');
    expect(array.words).toEqual([
      ...['--parsable', '--open-mode=append', '--chdir=/', '--cpus-per-task=4', '--job-name=tailnas-task'],
      ...['--array=0,2,3%2', '--requeue', '--signal=B:USR1@120', `--output=${dir}/slurm/%A_%a.log`],
      ...['--partition=gpu', '--time=1:00:00', `${dir}/slurm/task.sh`],
    ]);
    expect(tables.words).toContain('--dependency=afterany:12');
    expect(tables.words.slice(-3)).toEqual(['--partition=gpu', '--time=1:00:00', `${dir}/slurm/tables.sh`]);
    for (const { script } of [array, tables]) expect(spawnSync('bash', ['-n'], { input: script }).status).toBe(0);
  });

  it('lets Slurm decide how many tasks run at a time unless that is said', () => {
    expect(slurmJobs(submission()).array.words).toContain('--array=0,2,3');
  });

  it('returns both jobs, also where sbatch names a cluster, and knows them while they wait', () => {
    program('sbatch', `echo "$@" >> ${dir}/words`, 'case "$*" in *--array*) echo "12;big";; *) echo 15;; esac');
    program('squeue', 'echo 12_3');
    process.env['PATH'] = `${dir}:${path}`;
    expect(submit(submission())).toEqual({ array: '12', tables: '15' });
    expect(said('words').split('\n')[1]).toContain('--dependency=afterany:12');
    expect(() => requireNotUnderway(dir)).toThrow(
      `Cannot submit ${dir}: its job 12 must have ended, it is waiting or running; wait for it (squeue --jobs 12) or`,
    );
    program('squeue', 'echo "slurm_load_jobs error: Invalid job id specified" >&2', 'exit 1');
    requireNotUnderway(dir);
  });

  it('says that there is no sbatch, or what it says', () => {
    const bash = execFileSync('which', ['bash'], { encoding: 'utf8' }).trim();
    process.env['PATH'] = dir;
    expect(() => submit(submission())).toThrow(/^Cannot submit: sbatch must be on the path, .*--commands$/);
    writeFileSync(join(dir, 'sbatch'), `#!${bash}\necho "sbatch: error: invalid partition" >&2; exit 1\n`);
    chmodSync(join(dir, 'sbatch'), 0o755);
    expect(() => submit(submission())).toThrow(
      /^Cannot submit: sbatch refuses \(sbatch: error: invalid partition\); correct the flags after --, or wait/,
    );
    requireNotUnderway(dir);
  });

  it('names the array that is submitted where the tables are refused', () => {
    program('sbatch', 'case "$*" in *--array*) echo 12;; *) echo "too many jobs" >&2; exit 1;; esac');
    process.env['PATH'] = `${dir}:${path}`;
    expect(() => submit(submission())).toThrow(
      /too many jobs[\s\S]*The array itself is submitted as job 12; .*with: tailnas reproduce table1 --jobs 0$/,
    );
  });

  it.each(['--array=1', '-a1', '--dependency=afterok:1', '--wrap=x', '--parsable'])('refuses %s', (flag) => {
    expect(() => requireFlags(['--time=1', flag])).toThrow(`Cannot pass ${flag} to sbatch`);
    requireFlags(['--time=1', '--account=me', '-A', 'me', '--partition', 'x']);
  });
});
