import { mkdirSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { commandText } from '../measure/index.js';
import {
  isDone,
  type Outcome,
  type PlannedRun,
  requireNotUnderway,
  requireTask,
  SAVED,
  slurmJobs,
  submit,
  type Task,
  taskNumber,
  tasksOf,
  whenFree,
  writePlan,
} from '../reproduce/index.js';
import { fitPartDir, fitParts, isFit, openRun } from '../run/index.js';
import { folderInside } from '../run/inside.js';
import { lockRun } from '../run/lock.js';
import { type DataRequest, planData } from '../session/index.js';
import { kernels } from '../tensor/index.js';
import { carryOut } from './carry-out.js';
import { EXIT } from './follow.js';
import { plural } from './format.js';
import type { ManyFlags } from './many-options.js';
import { printPlan } from './print-plan.js';
import { runDisplay, silent } from './progress.js';
import { fromUser } from './usage.js';

/** Flags that say how runs are carried out, which a task is not to repeat, and whether a value follows. */
const HOW: Readonly<Record<string, boolean>> = {
  '--on': true,
  '--jobs': true,
  '--threads': true,
  '--commands': false,
  '--plan': false,
  '--json': false,
  '--quiet': false,
};

/** The words of this command without how its runs are carried out. */
const ownWords = (): string[] => {
  const all = process.argv.slice(2);
  const end = all.indexOf('--');
  const words = end < 0 ? all : all.slice(0, end);
  return words.filter((word, i) => {
    const [flag = ''] = word.split('=');
    const before = words[i - 1] ?? '';
    return !Object.hasOwn(HOW, flag) && !(Object.hasOwn(HOW, before) && HOW[before]);
  });
};

/** Runs to be carried out, and what to make of them. */
export interface Many {
  /** What there is to do now: made anew whenever that may have changed. */
  readonly planNow: () => PlannedRun[];
  readonly data: DataRequest;
  readonly threads: number;
  /** Prints what came of the runs. */
  readonly finish: (outcomes: readonly Outcome[]) => Promise<void>;
  /** What the user gave for sbatch. */
  readonly sbatch: readonly string[];
}

/** Data that are not there, or have to be fetched, and an engine to build: told and done once, rather than by all. */
const prepare = async ({ data }: Many, { quiet, task }: ManyFlags): Promise<void> => {
  const display = quiet ? silent : runDisplay();
  if (task === undefined) await planData(data, { onProgress: display.onData }).finally(display.end);
};

/** The shell command of a task, without its number, and that of the tables. */
const shellCommands = ({ threads }: Many) => {
  const { TAILNAS_KERNELS: pinned } = process.env;
  const [script = ''] = process.argv.slice(1);
  // npx starts a link in a cache of its own, which other machines need not see.
  const words = [
    process.execPath,
    ...process.execArgv,
    realpathSync(script),
    ...ownWords(),
    '--threads',
    String(threads),
  ];
  const of = (...last: string[]): string =>
    `${pinned ? `TAILNAS_KERNELS=${commandText([pinned])} ` : ''}${commandText([...words, ...last])}`;
  return { task: of('--task'), tables: of('--jobs', '0') };
};

const open = (tasks: readonly Task[]): number[] => tasks.flatMap((task, i) => (isDone(task) ? [] : [i]));

/** Holds the folder while `work` writes its plan. */
const holding = async <T>(out: string, work: () => T | Promise<T>): Promise<T> => {
  mkdirSync(out, { recursive: true });
  folderInside(out, 'runs');
  const { release } = lockRun(out);
  try {
    return await work();
  } finally {
    release();
  }
};

const submitTasks = async (many: Many, flags: ManyFlags, numbers: readonly number[]): Promise<void> => {
  const { out, json, quiet, use = [] } = flags;
  const { threads } = many;
  const submission = {
    ...{ out: resolve(out), folder: process.cwd(), commands: shellCommands(many), numbers, threads },
    ...{ jobs: flags.jobs, flags: many.sbatch },
  };
  if (flags.plan) {
    if (json) return;
    for (const { script, words } of Object.values(slurmJobs(submission)))
      process.stdout.write(`\n${script.replace(/^/gm, '  ').trimEnd()}\n\n${commandText(['sbatch', ...words])}\n`);
    return;
  }
  requireNotUnderway(out);
  await prepare(many, flags);
  const plan = many.planNow();
  const jobs = await holding(out, () => {
    writePlan(plan, { out, threads, use });
    return submit(submission);
  });
  if (json) process.stdout.write(`${JSON.stringify({ ...jobs, tasks: numbers })}\n`);
  else if (!quiet)
    process.stdout.write(
      `submitted ${plural(numbers.length, 'task')} as job ${jobs.array}; job ${jobs.tables} makes tables and report ` +
        `after it. What they say goes to ${out}/slurm. To run what failed, submit again\n`,
    );
};

const printCommands = async (many: Many, flags: ManyFlags, numbers: readonly number[]): Promise<void> => {
  const { out, json, use = [] } = flags;
  if (numbers.length > 0) {
    await prepare(many, flags);
    const plan = many.planNow();
    await holding(out, () => writePlan(plan, { out, threads: many.threads, use }));
  }
  if (numbers.length === 0) process.stderr.write('all tasks are done: there is no command to run\n');
  const { task } = shellCommands(many);
  const folder = commandText([process.cwd()]);
  const tasks = numbers.map((number) => ({ number, command: `cd ${folder} && ${task} ${number}` }));
  process.stdout.write(json ? `${JSON.stringify({ tasks })}\n` : tasks.map(({ command }) => `${command}\n`).join(''));
};

/** Longer than it takes to know that an owner on another machine is gone. */
const TASK_WAITS = 420; // seconds

/** What is saved of runs, to see whether more is. */
const saved = (runs: readonly PlannedRun[]): string =>
  runs
    .flatMap(({ path }) => (isFit(path) ? fitParts.map((part) => fitPartDir(path, part)) : [path]))
    .map((path) => {
      try {
        const { records, checkpoints } = openRun(path);
        return `${records().length} ${checkpoints.list()[0]?.file}`;
      } catch {
        return '';
      }
    })
    .join();

const runTask = async (many: Many, flags: ManyFlags): Promise<void> => {
  const { out, quiet, use = [] } = flags;
  const number = typeof flags.task === 'number' ? flags.task : fromUser(() => taskNumber(process.env));
  const find = (): Task => fromUser(() => requireTask(many.planNow(), { number, out, threads: many.threads, use }));
  const onNotice = quiet ? () => {} : (text: string) => void process.stderr.write(`${text}\n`);
  const paths = find().runs.flatMap((run) => (run.state === 'done' ? [] : [run.path]));
  await whenFree(paths, { seconds: TASK_WAITS, onNotice });
  const { runs } = find();
  const before = saved(runs);
  const { outcomes, received } = await carryOut(runs, { threads: many.threads, flags: { jobs: 1, quiet, use } });
  const ended = (how: Outcome['ended']): number => outcomes.filter((outcome) => outcome.ended === how).length;
  if (ended('failed') > 0) process.exitCode = 1;
  else if (received !== undefined && ended('done') < runs.filter(({ state }) => state !== 'done').length) {
    process.exitCode = SAVED;
    if (saved(runs) !== before) return;
    process.stderr.write('error: stopped before anything could be saved: give a task more time\n');
    process.exitCode = 1; // again would be for nothing as well
  }
};

const runAll = async (many: Many, flags: ManyFlags): Promise<void> => {
  const { out, quiet, jobs = 1, use = [] } = flags;
  let plan = many.planNow();
  const paths = plan.filter((run) => run.state !== 'done').map((run) => run.path);
  if (paths.length > 0 && jobs > 0) await prepare(many, flags);
  await holding(out, async () => {
    const onNotice = quiet ? () => {} : (text: string) => void process.stderr.write(`${text}\n`);
    if (jobs === 0 && paths.length > 0) onNotice(`${paths.length} of ${plan.length} runs are not done`);
    else if (await whenFree(paths, { onNotice })) plan = many.planNow();
    const { outcomes, received } = await carryOut(plan, { threads: many.threads, flags: { jobs, quiet, use } });
    if (received === undefined) return many.finish(outcomes);
    process.stderr.write(`stopped; continue with: ${commandText(['tailnas', ...process.argv.slice(2)])}\n`);
    process.exitCode = EXIT[received];
  });
};

/** Carries out what a command that makes many runs was asked for. */
export const runMany = async (many: Many, flags: ManyFlags): Promise<void> => {
  // Wrong for one run, wrong for all. Only then is the engine loaded here: it takes memory that the runs may need.
  if (process.env['TAILNAS_KERNELS']) kernels();
  if (flags.task !== undefined) return runTask(many, flags);
  const plan = many.planNow();
  const numbers = open(tasksOf(plan));
  if (flags.plan) await printPlan(plan, { ...many, flags });
  if (flags.on === 'slurm' && numbers.length > 0) return submitTasks(many, flags, numbers);
  if (flags.plan) return;
  return flags.commands ? printCommands(many, flags, numbers) : runAll(many, flags);
};
