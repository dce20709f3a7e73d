import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { experiments, numberIn, oneOf, type Scale, type Values } from '../experiment/index.js';
import { CONTINUED_FROM, paperData } from '../paper/index.js';
import {
  expectedSeconds,
  type PlannedRun,
  planRuns,
  type Request,
  rowOf,
  type StudyName,
  stateText,
  study,
  studyNames,
  whenFree,
  writeOutputs,
} from '../reproduce/index.js';
import { changeText } from '../run/index.js';
import { folderInside } from '../run/inside.js';
import { lockRun } from '../run/lock.js';
import { type DataRequest, planData } from '../session/index.js';
import { kernels } from '../tensor/index.js';
import { carryOut } from './carry-out.js';
import { duration, plural, table } from './format.js';
import {
  type DataFlags,
  dataFor,
  dataOptions,
  experimentOptions,
  given,
  type OptionFlags,
  searchFor,
} from './options.js';
import { runDisplay, silent } from './progress.js';
import { NOTE, resultTable, sensitivityText } from './result-table.js';
import { argument, UsageError } from './usage.js';
import { EXIT } from './watch.js';

interface ReproduceFlags extends DataFlags {
  scale: Scale;
  use?: string[];
  seeds: number[];
  jobs: number;
  threads?: number;
  out: string;
  plan?: true;
  json?: true;
  quiet?: true;
}

const MOST_SEEDS = 100;
const seed = argument(numberIn({ least: 0, whole: true }));
const count = argument(numberIn({ least: 1, most: 1024, whole: true }));

/** Reads `1..3`, `1,2,5` or `4`. */
const seedsOf = (text: string): number[] => {
  const found = text.split(',').flatMap((part) => {
    const [first, last = first, ...rest] = part.split('..').map(seed);
    if (first === undefined || last === undefined || rest.length > 0 || last < first || last - first >= MOST_SEEDS)
      throw new InvalidArgumentError(
        `It must be seeds such as 1..3 or 1,2,5 (first to last, at most ${MOST_SEEDS}), got "${part}"`,
      );
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(found)];
};

const quoted = (word: string): string => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
const ownCommand = (): string[] => ['tailnas', ...process.argv.slice(2)];

/** Data as the paper has them, from a folder as well: with an artificial long tail by default. */
const papersData = ({ imbalance, imbalanceRatio, ...flags }: ReproduceFlags): DataRequest =>
  dataFor({
    ...flags,
    imbalance: imbalance ?? paperData.imbalance,
    imbalanceRatio: imbalanceRatio ?? paperData.imbalanceRatio,
  });

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

const printPlan = async (
  plan: readonly PlannedRun[],
  { data, threads, flags }: { data: DataRequest; threads: number; flags: ReproduceFlags },
): Promise<void> => {
  const display = flags.quiet ? silent : runDisplay();
  const expected = await expectedSeconds(plan, { data, threads, onData: display.onData });
  display.end();
  const total = [...expected.values()].reduce((a, b) => a + b, 0) / flags.jobs;
  const runs = plan.map((run) => ({
    name: run.name,
    path: run.path,
    recipe: run.plan.experiment.name,
    seed: run.seed,
    state: stateText(run),
    epochs: run.epochs,
    expectedSeconds: expected.get(run) ?? 0,
  }));
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ runs, jobs: flags.jobs, threads, expectedSeconds: total })}\n`);
    return;
  }
  const lines = runs.map((run) => [
    run.name,
    run.state,
    `${run.epochs.from}/${run.epochs.to}`,
    run.state === 'done' ? '' : duration(run.expectedSeconds),
  ]);
  const sum =
    `${duration(total)} in all, ${plural(flags.jobs, 'run')} at a time with ${plural(threads, 'thread')} each; ` +
    'an estimate from epochs that other seeds have finished, or from a few steps';
  process.stdout.write(
    runs.length === 0
      ? 'no run is needed\n'
      : `${table([['run', 'state', 'epochs', 'expected time'], ...lines], { right: [2, 3] })}\n\n${sum}\n`,
  );
};

const reproduce = async (what: StudyName, flags: ReproduceFlags & OptionFlags): Promise<void> => {
  const wanted = study(what);
  if (wanted.changes !== undefined && flags['order'] !== undefined)
    throw new UsageError('--order is one of the options that sensitivity varies: leave it out');
  // Wrong for one run, wrong for all. Only then is the engine loaded here: it takes memory that the runs may need.
  if (process.env['TAILNAS_KERNELS']) kernels();
  const { changes = [] } = wanted;
  const requests = [
    requestOf(wanted.recipes, { flags }),
    ...changes.map(({ change, recipes }) => requestOf(recipes, { flags, change })),
  ];
  const data = papersData(flags);
  const threads = flags.threads ?? Math.max(1, Math.floor(availableParallelism() / flags.jobs));
  let plan = planAll(requests);
  if (flags.plan) return printPlan(plan, { data, threads, flags });
  const open = plan.filter((run) => run.state !== 'done').map((run) => run.path);
  if (open.length > 0) {
    // Missing data are reported, and data to download are fetched, once instead of in every run.
    const display = flags.quiet ? silent : runDisplay();
    await planData(data, { onProgress: display.onData }).finally(display.end);
  }
  mkdirSync(flags.out, { recursive: true });
  folderInside(flags.out, 'runs');
  const { release } = lockRun(flags.out);
  try {
    const onNotice = flags.quiet ? () => {} : (text: string) => void process.stderr.write(`${text}\n`);
    if (await whenFree(open, { onNotice })) plan = planAll(requests);
    const { outcomes, received } = await carryOut(plan, { data, threads, flags });
    if (received !== undefined) {
      process.stderr.write(`stopped; continue with: ${ownCommand().map(quoted).join(' ')}\n`);
      process.exitCode = EXIT[received];
      return;
    }
    const failedRuns = outcomes.flatMap(({ run, error }) => (error === undefined ? [] : [{ name: run.name, error }]));
    // In the order of the table's rows, which is not that of running; without searches that are only continued by
    // others.
    const made = planAll(requests).filter((run) => run.state !== 'start');
    const runs = requests.flatMap((request) =>
      request.plans.flatMap((asked) => made.filter((run) => run.row === rowOf(asked, request.change))),
    );
    const names = [
      ...wanted.table,
      ...changes.flatMap(({ change, recipes }) => recipes.map((name) => name + changeText(change))),
    ];
    const outputs = await writeOutputs(wanted, {
      paths: runs.map((run) => run.path),
      out: flags.out,
      command: ownCommand(),
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
  } finally {
    release();
  }
};

export const command = (): Command =>
  experimentOptions(dataOptions(new Command('reproduce')), experiments.all(), { besides: ['order'] })
    .description('make a table or figure of the paper: every run that it needs, then the table, figures and a report')
    .addArgument(new Argument('<what>', `one of ${studyNames.join(', ')}`).argParser(argument(oneOf(studyNames))))
    .optionsGroup('Runs:')
    .addOption(
      new Option('--seeds <list>', 'seeds of each recipe: 1..3, 1,2,5 or 4')
        .argParser(seedsOf)
        .default([1, 2, 3], '1..3'),
    )
    .addOption(new Option('--jobs <n>', 'runs at a time').argParser(count).default(1))
    .addOption(new Option('--threads <n>', 'threads of each run (default: cores / jobs)').argParser(count))
    .optionsGroup('Output:')
    .option('--out <folder>', 'folder of runs, figures and the report; what it already holds is used', 'reproduction')
    .option('--plan', 'print which runs are needed, their state and how long they would take; write nothing')
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress')
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas reproduce table2 --plan
        how long table II takes here, at the size that fits a desktop
  $ tailnas reproduce figure6 --scale smoke --seeds 1
        minutes, on the MNIST that comes with tailnas
  $ tailnas reproduce all --scale paper --data cifar10
        everything at the paper's size, three seeds each; you can stop it and start it again`,
    )
    .action(reproduce);
