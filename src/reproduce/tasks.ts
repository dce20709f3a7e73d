import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { folderInside, textInside, writeInside } from '../run/inside.js';
import { parseSealed, sealed } from '../run/seal.js';
import { versions } from '../session/versions.js';
import { childArguments } from './child.js';
import type { PlannedRun } from './plan.js';

/** Runs that one process carries out, one after the other: a search, and those that go on from it. */
export interface Task {
  readonly name: string;
  readonly runs: readonly PlannedRun[];
}

/** A plan as tasks, in an order that does not depend on what is done already. */
export const tasksOf = (plan: readonly PlannedRun[]): Task[] =>
  [...new Set(plan.map(({ chain }) => chain))].map((name) => ({
    name,
    runs: plan.filter(({ chain }) => chain === name),
  }));

/** Whether a task has nothing left to do. */
export const isDone = ({ runs }: Task): boolean => runs.every(({ state }) => state === 'done');

const PLAN = 'plan.json';

const frozen = z.object({
  format: z.literal(1),
  /** Of all that the numbers of a run depend on to the last digit. */
  versions: z.record(z.string(), z.string()),
  /** In order: the number of a task is its place. */
  tasks: z.array(
    z.object({
      name: z.string(),
      /** The words after `tailnas` that start each of its runs. */
      runs: z.record(z.string(), z.array(z.string())),
    }),
  ),
});
type Frozen = z.infer<typeof frozen>;

interface Carrying {
  readonly out: string;
  readonly threads: number;
  readonly use: readonly string[];
}

/** What of a plan must not change: nothing of what is done already, which another task may be changing now. */
const freeze = (plan: readonly PlannedRun[], { threads, use }: Carrying): Frozen => ({
  format: 1,
  versions: versions(),
  tasks: tasksOf(plan).map(({ name, runs }) => ({
    name,
    runs: Object.fromEntries(
      runs
        .filter(({ isAsked }) => isAsked)
        .map((run) => [run.name, childArguments({ ...run, state: 'start', parent: undefined }, { threads, use })]),
    ),
  })),
});

/** Writes down which tasks there are, so that each finds its own by its number, on any machine that sees the folder. */
export const writePlan = (plan: readonly PlannedRun[], carrying: Carrying): void => {
  const { out } = carrying;
  folderInside(out, 'runs');
  writeInside(out, [PLAN], `${JSON.stringify(sealed(freeze(plan, carrying)), null, 2)}\n`);
};

/** The first difference of two lists of tasks, for people. */
const differenceOf = (was: Frozen['tasks'], now: Frozen['tasks']): string => {
  const at = now.findIndex((task, i) => !isDeepStrictEqual(task, was[i]));
  const [there, here] = [was[at], now[at]];
  if (there === undefined || here === undefined) return `${was.length} tasks there, ${now.length} here`;
  if (there.name !== here.name) return `task ${at} is ${there.name} there, ${here.name} here`;
  const words = (runs: Readonly<Record<string, readonly string[]>>): string[] =>
    Object.entries(runs).map(([name, own]) => `${name}: ${own.join(' ')}`);
  const [a, b] = [words(there.runs), words(here.runs)];
  const alone = (of: readonly string[], other: readonly string[]): string =>
    JSON.stringify(of.find((text) => !other.includes(text)) ?? '');
  return `task ${at} has ${alone(a, b)} there, ${alone(b, a)} here`;
};

/**
 * The task with a number, once it is sure that whoever gave the number meant the same. Throws where the folder holds no
 * plan, or another, and where this machine would compute other digits than the one that the plan was made on.
 */
export const requireTask = (
  plan: readonly PlannedRun[],
  { number, ...carrying }: Carrying & { number: number },
): Task => {
  const action = `Cannot run task ${number} of ${carrying.out} on host ${hostname()}`;
  const text = textInside(carrying.out, PLAN);
  if (text === undefined)
    throw new Error(
      `${action}: plan.json must be there, it is not; make it with the same words and --commands or --on, in a ` +
        'folder that all machines share',
    );
  const again = 'submit again with the same words';
  const was = parseSealed(text, {
    schema: frozen,
    must: true,
    action: `${action}: plan.json is damaged`,
    remedy: again,
  });
  const now = freeze(plan, carrying);
  if (!isDeepStrictEqual(was.tasks, now.tasks)) {
    const difference = differenceOf(was.tasks, now.tasks);
    throw new Error(`${action}: it must be of the plan in plan.json, it is of another (${difference}); ${again}`);
  }
  const other = Object.keys(was.versions).filter((name) => was.versions[name] !== now.versions[name]);
  if (other.length > 0)
    throw new Error(
      `${action}: versions must be those of plan.json, ` +
        `${other.map((name) => `${name} is ${was.versions[name]} there and ${now.versions[name]} here`).join(', ')}; ` +
        'choose equal machines, or set TAILNAS_KERNELS to what all have and submit again',
    );
  const task = tasksOf(plan)[number];
  if (task === undefined)
    throw new RangeError(`${action}: the number must be below ${was.tasks.length}, the number of tasks; correct it`);
  return task;
};

/** Where array jobs say which of their tasks this is; GNU parallel counts from 1. */
const VARIABLES = { SLURM_ARRAY_TASK_ID: 0, JOB_COMPLETION_INDEX: 0, PARALLEL_SEQ: 1 } as const;

/** The number of this task, as whoever started it has put it into the environment. Throws a RangeError. */
export const taskNumber = (env: Readonly<Record<string, string | undefined>>): number => {
  for (const [name, first] of Object.entries(VARIABLES)) {
    const text = env[name];
    if (text === undefined || text === '') continue;
    if (!/^\d+$/.test(text) || Number(text) < first)
      throw new RangeError(`Cannot use ${name}: it must be a whole number >= ${first}, it is ${JSON.stringify(text)}`);
    return Number(text) - first;
  }
  throw new RangeError(
    `--task without a number needs one of ${Object.keys(VARIABLES).join(', ')} in the environment: give the number`,
  );
};
