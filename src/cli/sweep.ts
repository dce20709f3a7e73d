import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { type Experiment, kebab, spelled, type Values } from '../experiment/index.js';
import { fitsRows, fitsTable, loadFit, loadRun } from '../measure/index.js';
import { markdown } from '../page/index.js';
import {
  choicesOf,
  flagsOf,
  type Outcome,
  type PlannedRun,
  planSweep,
  type Wanted,
  writeOutputs,
} from '../reproduce/index.js';
import { augmentOf, type DataOrigin, type DataRequest, planData, recordedRequest } from '../session/index.js';
import { table } from './format.js';
import { runMany } from './many.js';
import type { ManyFlags } from './many-options.js';
import { given, listsIn, type OptionFlags, type RunFlags } from './options.js';
import { requireAlone } from './processes.js';
import { runDisplay, silent } from './progress.js';
import { fromUser, UsageError } from './usage.js';

/** Flags of a command that makes one run, or many. */
export type SweepFlags = Pick<RunFlags, 'seed' | 'threads' | 'out' | 'json' | 'quiet'> &
  Omit<ManyFlags, 'out'> &
  OptionFlags;

/** Values of options, for all runs alike or of which each run has one. */
export interface Options {
  readonly common: Values;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

/** The options of experiments that a user gave. */
export const optionsIn = (flags: OptionFlags, of: readonly Experiment[]): Options => {
  const lists = listsIn(flags, of);
  return { lists, common: Object.fromEntries(Object.entries(given(flags, of)).filter(([name]) => !(name in lists))) };
};

const MANY = ['seeds', 'jobs', 'plan', 'on', 'commands', 'task'] as const;

/** Whether many runs are asked for. */
export const isSweep = (flags: SweepFlags, { lists }: Options): boolean =>
  MANY.some((name) => flags[name] !== undefined) || Object.keys(lists).length > 0;

const OUT = 'sweep';
/** What is of one run, and why. */
const OF_ONE: Readonly<Record<string, string>> = {
  from: 'a run that goes on from another has its seed',
  dryRun: '--plan shows what would run',
  profile: 'profile one run of it',
};
/** Flags that every run gets as they are, beside options and data. */
const PASSED_ON = [
  'device',
  'processes',
  'checkpointMinutes',
  'force',
  'tensorboard',
  'space',
  'nodes',
  'split',
] as const;

interface SweepRequest {
  /** The words after `tailnas` that name what is made. */
  readonly words: readonly string[];
  readonly options: Options;
  /** Flags that every run gets as they are. */
  readonly flags?: object;
  readonly wanted: (seed: number, values: Values) => Wanted;
  readonly data: DataRequest;
  readonly origin?: DataOrigin | undefined;
  readonly sbatch: readonly string[];
}

interface Made {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: string }[];
}

/** Tables and a page of runs that have begun. */
const tablesOfRuns = async (runs: readonly PlannedRun[], out: string): Promise<Made> => {
  const paths = runs.map(({ path }) => path);
  const command = ['tailnas', ...process.argv.slice(2)];
  const { report, failed, rows, claims, sensitivity } = await writeOutputs({ figures: [] }, { paths, out, command });
  return {
    json: { rows, claims, sensitivity, report: report ?? null },
    text: [...(paths.length === 0 ? [] : [markdown(paths.map(loadRun))]), ...(report === undefined ? [] : [report])],
    failed,
  };
};

/** A table of fits that have begun; each that is done has a page of its own. */
const tablesOfFits = (runs: readonly PlannedRun[]): Made => {
  const rows = fitsRows(runs.map(({ row, path }) => ({ name: row, fit: loadFit(path) })));
  const { headings, rows: lines } = fitsTable(rows);
  const pages = runs.flatMap(({ state, path }) => (state === 'done' ? [`${path}/report.html`] : []));
  return {
    json: { rows, fits: runs.map(({ path }) => path) },
    text: [table([headings, ...lines], { right: [2, 3, 4, 5] }), pages.join('\n')],
    failed: [],
  };
};

/** Makes a run for each seed and each value of the options that have several, and one table of all. */
export const sweep = async (request: SweepRequest, flags: SweepFlags, self: Command): Promise<void> => {
  requireAlone('make several runs');
  const { words, options, data, origin, sbatch } = request;
  const { seed, seeds = [seed], out = OUT, json, quiet, jobs } = flags;
  const isGiven = (name: string): boolean => self.getOptionValueSource(name) === 'cli';
  if (isGiven('seeds') && isGiven('seed')) throw new UsageError('--seed and --seeds say the same: leave one out');
  const ofOne = Object.keys(OF_ONE).find(isGiven);
  if (ofOne !== undefined)
    throw new UsageError(`Cannot use --${kebab(ofOne)} for several runs: ${OF_ONE[ofOne]}; leave it out`);
  const passedOn = Object.fromEntries(
    PASSED_ON.flatMap((name) => (isGiven(name) ? [[name, spelled(flags[name])]] : [])),
  );
  const display = quiet ? silent : runDisplay();
  const found = await planData(data, { origin, onProgress: display.onData }).finally(display.end);
  const recorded = recordedRequest(data, found);
  const planNow = () =>
    fromUser(() =>
      planSweep({
        ...{ what: words.at(-1) ?? '', seeds, choices: choicesOf(options.lists), data: recorded, out },
        wanted: (n, choice) => request.wanted(n, { ...options.common, ...choice }),
        // A run that is gone on from says which data.
        command: (choice) => [
          ...words,
          ...flagsOf({
            ...request.flags,
            ...(origin === undefined ? data : {}),
            ...passedOn,
            ...options.common,
            ...choice,
          }),
        ],
      }),
    );
  for (const { plan } of planNow()) if (plan !== undefined) await augmentOf(plan, found, data);
  const finish = async (outcomes: readonly Outcome[]): Promise<void> => {
    const begun = planNow().filter(({ state }) => state !== 'start');
    const made = begun.every(({ plan }) => plan !== undefined) ? await tablesOfRuns(begun, out) : tablesOfFits(begun);
    const failed = [
      ...outcomes.flatMap(({ run, error }) => (error === undefined ? [] : [{ name: run.name, error }])),
      ...made.failed,
    ];
    if (failed.length > 0) process.exitCode = 1;
    for (const { name, error } of made.failed) process.stderr.write(`${name}: ${error}\n`);
    process.stdout.write(
      json ? `${JSON.stringify({ ...made.json, failed })}\n` : made.text.map((part) => `${part}\n`).join('\n'),
    );
  };
  const ownThreads = isGiven('threads') ? { threads: flags.threads } : {};
  const threads = ownThreads.threads ?? Math.max(1, Math.floor(availableParallelism() / (jobs || 1)));
  const { threads: _, ...rest } = flags;
  await runMany({ planNow, data, threads, finish, sbatch }, { ...rest, out, ...ownThreads });
};
