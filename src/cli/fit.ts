import { Command, Option } from 'commander';
import { experiments, oneOf, type TrainingRecipeName, trainingRecipeNames, USUAL_RECIPE } from '../experiment/index.js';
import { FIT_SEARCH, type FitRequest, fit, preparedFit, secondsOfBudget, USUAL_BUDGET } from '../fit/index.js';
import { defaultRunDir, fitParts } from '../run/index.js';
import { dataTexts } from '../session/index.js';
import { duration, table } from './format.js';
import { type DataFlags, dataFor, dataOptions, fitOptions, type RunFlags } from './options.js';
import { runDisplay, silent } from './progress.js';
import { argument, UsageError } from './usage.js';
import { partWords, watchFit } from './watch-fit.js';

interface FitFlags
  extends Omit<DataFlags, 'split'>,
    Pick<RunFlags, 'seed' | 'device' | 'threads' | 'out' | 'checkpointMinutes' | 'dryRun' | 'json' | 'quiet'> {
  readonly budget?: number;
  readonly quick?: true;
  readonly search: string;
  readonly recipe: TrainingRecipeName;
}

const QUICK = 4 * 60; // seconds: the whole way in under five minutes, with a start and an end

export const command = (): Command =>
  fitOptions(
    dataOptions(new Command('fit'), '')
      .optionsGroup('Time:')
      .addOption(
        new Option(
          '--budget <time>',
          'time for everything, such as 30m, 2h, 8h; it chooses sizes and epochs',
        ).argParser(argument(secondsOfBudget)),
      )
      .addOption(
        new Option('--quick', 'all parts in under five minutes, with the smallest networks').conflicts('budget'),
      )
      .optionsGroup('Methods:')
      .addOption(
        new Option('--search <recipe>', `the search, one of \`tailnas recipes\``)
          .argParser(argument((word: string) => experiments.named(word).name))
          .default(FIT_SEARCH),
      )
      .addOption(
        new Option('--recipe <name>', `how networks are trained: ${trainingRecipeNames.join(', ')}`)
          .argParser(argument(oneOf(trainingRecipeNames)))
          .default(USUAL_RECIPE),
      ),
  )
    .description('from a folder of images to a network: search, train, test, compare, explain')
    .addHelpText(
      'after',
      `
Searches cells, then trains the network found, a random cell and a ResNet. The summary says whether the search helped,
and which network is best. predict, evaluate and export accept the folder and use that network.

Examples:
  $ tailnas fit --data ~/birds --budget 2h
  $ tailnas fit --data ~/birds --quick --image-size 48`,
    )
    .action(async (flags: FitFlags) => {
      if (flags.data === undefined)
        throw new UsageError('--data must be given: a folder with a folder of images per class, mnist, or cifar10');
      const { seed, device, threads, search, recipe, quick, budget = quick ? QUICK : USUAL_BUDGET } = flags;
      const request: FitRequest = {
        data: dataFor({ ...flags, scale: 'small' }),
        ...{ budgetSeconds: budget, seed, device, threads, search, recipe },
        out: flags.out ?? defaultRunDir('runs', 'fit'),
        command: ['tailnas', ...process.argv.slice(2)],
      };
      if (flags.dryRun) return dryRun(request, flags);
      await watchFit((watch) => fit(request, { checkpointSeconds: 60 * flags.checkpointMinutes, ...watch }), flags);
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
