import { availableParallelism } from 'node:os';
import { Argument, Command, Option } from 'commander';
import { experiments, oneOf, type Scale, type Values } from '../experiment/index.js';
import { CONTINUED_FROM, paperData } from '../paper/index.js';
import {
  type Outcome,
  type PlannedRun,
  planRuns,
  type Request,
  rowOf,
  type StudyName,
  study,
  studyNames,
  writeOutputs,
} from '../reproduce/index.js';
import { changeText } from '../run/index.js';
import type { DataRequest } from '../session/index.js';
import { type DataFlags, dataFor, dataOptions } from './data-options.js';
import { runMany } from './many.js';
import { count, type ManyFlags, manyOptions, operandsOf, seedsOption } from './many-options.js';
import { experimentOptions, given, type OptionFlags, searchFor } from './options.js';
import { requireAlone } from './processes.js';
import { NOTE, resultTable, sensitivityText } from './result-table.js';
import { argument, UsageError } from './usage.js';

interface ReproduceFlags extends DataFlags, ManyFlags {
  readonly scale: Scale;
  readonly seeds: readonly number[];
}

/** Data as the paper has them, from a folder as well: with an artificial long tail by default. */
const papersData = (flags: ReproduceFlags): DataRequest => {
  const { imbalance = paperData.imbalance, imbalanceRatio = paperData.imbalanceRatio, ...others } = dataFor(flags);
  return { ...others, imbalance, imbalanceRatio };
};

const requestOf = (
  names: readonly string[],
  { flags, change = {} }: { flags: ReproduceFlags & OptionFlags; change?: Values },
): Request => {
  const { seeds, out } = flags;
  const changed = { ...flags, ...change };
  const { plan: base, overrides } = searchFor(CONTINUED_FROM, changed);
  const asked = given(flags, experiments.all());
  return {
    plans: names.map((name) => searchFor(name, changed).plan),
    base,
    seeds,
    out,
    data: papersData(flags),
    overrides,
    given: Object.fromEntries(Object.entries(asked).filter(([name]) => !(name in overrides))),
    change,
  };
};

/** All runs of several requests, seed by seed. */
const planAll = (requests: readonly Request[]): PlannedRun[] =>
  requests.flatMap(planRuns).toSorted((a, b) => a.seed - b.seed);

const reproduce = async (
  what: StudyName,
  _: readonly string[],
  flags: ReproduceFlags & OptionFlags,
  self: Command,
): Promise<void> => {
  requireAlone('reproduce');
  const { sbatch } = operandsOf(self, { ...flags, most: 1 });
  const wanted = study(what);
  if (wanted.changes !== undefined && flags['order'] !== undefined)
    throw new UsageError('--order is one of the options that sensitivity varies: leave it out');
  const { changes = [] } = wanted;
  const requests = [
    requestOf(wanted.recipes, { flags }),
    ...changes.map(({ change, recipes }) => requestOf(recipes, { flags, change })),
  ];
  const data = papersData(flags);
  const threads = flags.threads ?? Math.max(1, Math.floor(availableParallelism() / (flags.jobs || 1)));
  const finish = async (outcomes: readonly Outcome[]): Promise<void> => {
    const failedRuns = outcomes.flatMap(({ run, error }) => (error === undefined ? [] : [{ name: run.name, error }]));
    // In the order of the table's rows, which is not that of running; without searches that are only continued by
    // others.
    const made = planAll(requests).filter((run) => run.state !== 'start');
    const runs = requests.flatMap((request) =>
      request.plans.flatMap((asked) => made.filter((run) => run.row === rowOf(asked.experiment.name, request.change))),
    );
    const names = [
      ...wanted.table,
      ...changes.flatMap(({ change, recipes }) => recipes.map((name) => name + changeText(change))),
    ];
    const outputs = await writeOutputs(wanted, {
      paths: runs.map((run) => run.path),
      out: flags.out,
      command: ['tailnas', ...process.argv.slice(2)],
    });
    const { rows, claims, sensitivity, figures, report } = outputs;
    const failed = [...failedRuns, ...outputs.failed];
    if (failed.length > 0) process.exitCode = 1;
    for (const { name, error } of outputs.failed) process.stderr.write(`${name}: ${error}\n`);
    const text = [
      ...(names.length > 0 ? [resultTable(names, { rows, seeds: flags.seeds.length }), NOTE] : []),
      sensitivity.length === 0 ? '' : sensitivityText(sensitivity),
      [...figures, ...(report === undefined ? [] : [report])].join('\n'),
    ];
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ rows, claims, sensitivity, figures, report: report ?? null, failed })}\n`
        : `${text.filter((part) => part !== '').join('\n\n')}\n`,
    );
  };
  await runMany({ planNow: () => planAll(requests), data, threads, finish, sbatch }, flags);
};

export const command = (): Command =>
  manyOptions(
    experimentOptions(dataOptions(new Command('reproduce')), experiments.all(), { besides: ['order'] })
      .description('make a table or figure of the paper: every run that it needs, then the table, figures and a report')
      .addArgument(new Argument('<what>', `one of ${studyNames.join(', ')}`).argParser(argument(oneOf(studyNames))))
      .optionsGroup('Many runs:')
      .addOption(seedsOption('seeds of each recipe').default([1, 2, 3], '1..3')),
  )
    .addOption(new Option('--threads <n>', 'threads of each run (default: cores / jobs)').argParser(count))
    .optionsGroup('Output:')
    .option('--out <folder>', 'folder of runs, figures and the report; what it already holds is used', 'reproduction')
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress')
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas reproduce table2 --plan
        how long table II takes here, at the size that fits a desktop
  $ tailnas reproduce figure6 --scale smoke --seeds 1
        minutes, on MNIST (downloaded once)
  $ tailnas reproduce all --scale paper --data cifar10
        everything at the paper's size, three seeds each; you can stop it and start it again
  $ tailnas reproduce table2 --data cifar10 --threads 8 --on slurm -- --time=4:00:00
        the same on a cluster: one job for each search and what goes on from it`,
    )
    .action(reproduce);
