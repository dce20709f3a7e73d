import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import type { Experiment, Plan, Values } from '../experiment/index.js';
import { loadRun } from '../measure/index.js';
import { markdown } from '../page/index.js';
import { choicesOf, flagsOf, type Outcome, planSweep, writeOutputs } from '../reproduce/index.js';
import { type DataOrigin, type DataRequest, planData, recordedRequest } from '../session/index.js';
import { runMany } from './many.js';
import type { ManyFlags } from './many-options.js';
import { given, listsIn, type OptionFlags, type RunFlags } from './options.js';
import { runDisplay, silent } from './progress.js';
import { fromUser, UsageError } from './usage.js';

/** Flags of a command that makes one run, or many. */
export type SweepFlags = RunFlags & Omit<ManyFlags, 'out'> & OptionFlags;

const OUT = 'sweep';
const MANY = ['seeds', 'jobs', 'plan', 'on', 'commands', 'task'] as const;
/** What is of one run, and why. */
const OF_ONE = {
  from: 'a run that goes on from another has its seed',
  dryRun: '--plan shows what would run',
  profile: 'profile one run of it',
} as const;
/** Flags that every run of a sweep gets as they are, beside options and data. */
const PASSED_ON = ['device', 'checkpointMinutes', 'force', 'space', 'nodes'] as const;

/** Whether flags ask for many runs. */
export const isSweep = (flags: SweepFlags, of: readonly Experiment[]): boolean =>
  MANY.some((name) => flags[name] !== undefined) || Object.keys(listsIn(flags, of)).length > 0;

interface SweepRequest {
  readonly command: 'search' | 'train';
  readonly what: string;
  /** The experiments whose options there are. */
  readonly of: readonly Experiment[];
  readonly planOf: (seed: number, values: Values) => { plan: Plan; overrides: Readonly<Record<string, unknown>> };
  readonly data: DataRequest;
  readonly origin?: DataOrigin | undefined;
  readonly sbatch: readonly string[];
}

/** Makes a run for each seed and each value of the options that have several, and one table of all. */
export const sweep = async (request: SweepRequest, flags: SweepFlags, self: Command): Promise<void> => {
  const { what, of, data, origin, sbatch } = request;
  const { seed, seeds = [seed], out = OUT, json, quiet, jobs } = flags;
  if (flags.seeds !== undefined && self.getOptionValueSource('seed') === 'cli')
    throw new UsageError('--seed and --seeds say the same: leave one out');
  for (const [name, why] of Object.entries(OF_ONE))
    if (flags[name] !== undefined)
      throw new UsageError(
        `Cannot use --${name === 'dryRun' ? 'dry-run' : name} for several runs: ${why}; leave it out`,
      );

  const lists = listsIn(flags, of);
  const common = Object.fromEntries(Object.entries(given(flags, of)).filter(([name]) => !(name in lists)));
  const passedOn = Object.fromEntries(
    PASSED_ON.flatMap((name) => (self.getOptionValueSource(name) === 'cli' ? [[name, flags[name]]] : [])),
  );
  // A run that is gone on from says which data; only which of them are trained on may be said beside it.
  const dataFlags = origin === undefined ? data : { split: flags.split };
  const display = quiet ? silent : runDisplay();
  const found = await planData(data, { origin, onProgress: display.onData }).finally(display.end);
  const recorded = recordedRequest(data, found);
  const planNow = () =>
    fromUser(() =>
      planSweep({
        ...{ what, seeds, choices: choicesOf(lists), data: recorded, out },
        planOf: (n, choice) => ({
          ...request.planOf(n, { ...common, ...choice }),
          command: [
            ...[request.command, what],
            ...flagsOf({ scale: flags.scale, ...common, ...choice, ...passedOn, ...dataFlags }),
          ],
        }),
      }),
    );
  const finish = async (outcomes: readonly Outcome[]): Promise<void> => {
    const paths = planNow().flatMap((run) => (run.state === 'start' ? [] : [run.path]));
    const command = ['tailnas', ...process.argv.slice(2)];
    const { rows, claims, sensitivity, report, failed } = await writeOutputs({ figures: [] }, { paths, out, command });
    const all = [
      ...outcomes.flatMap(({ run, error }) => (error === undefined ? [] : [{ name: run.name, error }])),
      ...failed,
    ];
    if (all.length > 0) process.exitCode = 1;
    for (const { name, error } of failed) process.stderr.write(`${name}: ${error}\n`);
    const text = [
      ...(paths.length === 0 ? [] : [markdown(paths.map(loadRun))]),
      ...(report === undefined ? [] : [report]),
    ];
    process.stdout.write(
      json
        ? `${JSON.stringify({ rows, claims, sensitivity, report: report ?? null, failed: all })}\n`
        : text.map((part) => `${part}\n`).join('\n'),
    );
  };
  const ownThreads = self.getOptionValueSource('threads') === 'cli' ? flags.threads : undefined;
  const threads = ownThreads ?? Math.max(1, Math.floor(availableParallelism() / (jobs || 1)));
  const { threads: _, ...rest } = flags;
  await runMany(
    { planNow, data, threads, finish, sbatch },
    { ...rest, out, ...(ownThreads === undefined ? {} : { threads: ownThreads }) },
  );
};
