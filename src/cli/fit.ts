import { Command, Option } from 'commander';
import {
  experiments,
  oneOf,
  type TrainingRecipeName,
  trainingRecipeNames,
  USUAL_RECIPE,
  type Values,
} from '../experiment/index.js';
import { FIT_SEARCH, type FitRequest, fit, preparedFit, secondsOfBudget, USUAL_BUDGET } from '../fit/index.js';
import { defaultRunDir, fitParts } from '../run/index.js';
import { dataTexts } from '../session/index.js';
import { type DataFlags, dataFor, dataOptions } from './data-options.js';
import { duration, table } from './format.js';
import { type ManyFlags, manyOptions, operandsOf, seedsOption } from './many-options.js';
import { fitOptions, type OptionFlags, type RunFlags } from './options.js';
import { requireAlone } from './processes.js';
import { runDisplay, silent } from './progress.js';
import { isSweep, type Options, sweep } from './sweep.js';
import { argument, UsageError } from './usage.js';
import { partWords, watchFit } from './watch-fit.js';

interface FitFlags
  extends Omit<DataFlags, 'split'>,
    Omit<ManyFlags, 'out' | 'threads' | 'json' | 'quiet'>,
    Pick<
      RunFlags,
      'seed' | 'device' | 'threads' | 'out' | 'checkpointMinutes' | 'dryRun' | 'json' | 'quiet' | 'tensorboard'
    > {
  readonly budget?: number;
  readonly quick?: true;
  /** One, or several with commas between them. */
  readonly search: string;
  readonly recipe: string;
}

const QUICK = 4 * 60; // seconds: the whole way in under five minutes, with a start and an end

/** Reads one word, or several with commas between them. */
const listOf =
  (read: (word: string) => string) =>
  (text: string): string =>
    [...new Set(text.split(',').map((word) => read(word.trim())))].join(',');

export const command = (): Command =>
  manyOptions(
    fitOptions(
      dataOptions(new Command('fit'), '')
        .optionsGroup('Time:')
        .addOption(
          new Option(
            '--budget <time>',
            'time for everything, such as 30m or 8h; it chooses sizes and epochs (default: 2h)',
          ).argParser(argument(secondsOfBudget)),
        )
        .addOption(
          new Option('--quick', 'all parts in under five minutes, with the smallest networks').conflicts('budget'),
        )
        .optionsGroup('Methods:')
        .addOption(
          new Option('--search <recipe>', `the search, one of \`tailnas recipes\``)
            .argParser(argument(listOf((word) => experiments.named(word).name)))
            .default(FIT_SEARCH),
        )
        .addOption(
          new Option('--recipe <name>', `how networks are trained: ${trainingRecipeNames.join(', ')}`)
            .argParser(argument(listOf(oneOf(trainingRecipeNames))))
            .default(USUAL_RECIPE),
        ),
    ),
  )
    .addOption(seedsOption('fit once at each of these seeds'))
    .description('from a folder of images to a network: search, train, test, compare, explain')
    .addHelpText(
      'after',
      `
Searches cells, then trains the network found, a random cell and a ResNet. The summary says whether the search helped,
and which network is best. predict, evaluate and export accept the folder and use that network.

Examples:
  $ tailnas fit --data ~/birds --budget 2h
  $ tailnas fit --data ~/birds --quick --image-size 48
  $ tailnas fit --data ~/birds --budget 2h --seeds 1..3 --out birds-fits
        three fits one after the other, and a table of their networks`,
    )
    .action(async (_: readonly string[], flags: FitFlags & OptionFlags, self: Command) => {
      requireAlone('fit');
      const { sbatch } = operandsOf(self, { ...flags, most: 0 });
      if (flags.data === undefined)
        throw new UsageError('--data must be given: a folder with a folder of images per class, mnist, or cifar10');
      const { seed, device, threads, quick, budget: budgetSeconds = quick ? QUICK : USUAL_BUDGET } = flags;
      const data = dataFor({ ...flags, scale: 'small' });
      const options = optionsOf(flags);
      if (isSweep(flags, options)) {
        const wanted = (_: number, values: Values) => ({ ...methodsOf(values), budgetSeconds });
        const own = { budget: `${budgetSeconds}s` };
        return sweep({ words: ['fit'], options, flags: own, wanted, data, sbatch }, flags, self);
      }
      const request: FitRequest = {
        ...{ data, budgetSeconds, seed, device, threads, ...methodsOf(options.common) },
        out: flags.out ?? defaultRunDir('runs', 'fit'),
        command: ['tailnas', ...process.argv.slice(2)],
      };
      if (flags.dryRun) return dryRun(request, flags);
      await watchFit((watch) => fit(request, { checkpointSeconds: 60 * flags.checkpointMinutes, ...watch }), flags);
    });

/** What a fit searches and trains by: methods that are named alone, and those of which there are several. */
const optionsOf = ({ search, recipe }: FitFlags): Options => {
  const found = Object.entries({ search, recipe }).map(([name, text]) => [name, text.split(',')] as const);
  return {
    common: Object.fromEntries(
      found.flatMap(([name, [only = '', ...more]]) => (more.length > 0 ? [] : [[name, only]])),
    ),
    lists: Object.fromEntries(found.filter(([, words]) => words.length > 1)),
  };
};

const methodsOf = ({
  search = FIT_SEARCH,
  recipe = USUAL_RECIPE,
}: Values): { search: string; recipe: TrainingRecipeName } => ({
  search: String(search),
  recipe: oneOf(trainingRecipeNames)(recipe),
});

/** Prints what a fit would do, from a few steps of throw-away networks; writes nothing. */
const dryRun = async (request: FitRequest, { json, quiet }: Pick<FitFlags, 'json' | 'quiet'>): Promise<void> => {
  const display = quiet ? silent : runDisplay();
  const { plan, dataset } = await preparedFit(request, { onDataProgress: display.onData });
  display.end();
  if (json) {
    const { counts, available, skipped } = dataset;
    process.stdout.write(`${JSON.stringify({ plan, data: { counts, available, skipped } })}\n`);
    return;
  }
  const { classes, counts, available } = dataset;
  const perClass = classes.map((name, c) =>
    [name, available[c] ?? 0, counts.train[c] ?? 0, counts.valid[c] ?? 0, counts.test[c] ?? 0].map(String),
  );
  const parts = fitParts.map((name) => {
    const { values, expectedSeconds } = plan.parts[name];
    const { epochs, steps, batchSize, channels, layers = '' } = values;
    const each = steps === 0 ? '' : String(steps);
    return [
      partWords(name, plan),
      `${epochs}`,
      each,
      `${batchSize}`,
      `${channels}`,
      `${layers}`,
      duration(expectedSeconds),
    ];
  });
  const total = fitParts.reduce((sum, name) => sum + plan.parts[name].expectedSeconds, 0);
  const out = [
    dataTexts(dataset).join('\n'),
    table([['class', 'there', 'train', 'valid', 'test'], ...perClass], { right: [1, 2, 3, 4] }),
    table([['part', 'epochs', 'of steps', 'batch', 'channels', 'cells', 'time'], ...parts], {
      right: [1, 2, 3, 4, 5, 6],
    }),
    `${duration(total)} in all, of a budget of ${duration(plan.budgetSeconds)}`,
  ];
  process.stdout.write(`${out.join('\n\n')}\n`);
};
