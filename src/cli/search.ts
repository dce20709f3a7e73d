import { Command, Option } from 'commander';
import { experiments, RECOMMENDED } from '../experiment/index.js';
import { dataOfRun } from './data-of-run.js';
import { dataOptions, experimentOptions, type OptionFlags, type RunFlags, runOptions, searchFor } from './options.js';
import { start } from './start.js';

export const command = (): Command =>
  runOptions(experimentOptions(dataOptions(new Command('search')), experiments.all()))
    .optionsGroup('Run:')
    .addOption(
      new Option(
        '--from <run>',
        'start from a finished search, for recipes that continue one, with its data unless --data is given',
      ),
    )
    .description('search an architecture, and test it')
    .argument('[recipe]', 'which experiment: see `tailnas recipes`', RECOMMENDED)
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas search darts --scale smoke
        minutes: DARTS on the MNIST that comes with tailnas, long-tailed at ratio 100
  $ tailnas search --data ~/birds --image-size 64
        your own images (train/<class>/*, test/<class>/*), as imbalanced as they are
  $ tailnas search darts --data cifar10 --scale paper --dry-run
        how long the paper's size would take here, and in how much memory
  $ tailnas search darts --data cifar10 --scale paper --profile 5
        where the time of its steps goes

A search that is expected to need more memory than is free is refused (exit code 2), naming the largest batch that
fits. --force starts it anyway. TAILNAS_MEMORY=<bytes> sets how much it may use.`,
    )
    .action((name: string, flags: RunFlags & OptionFlags, self: Command) =>
      start(searchFor(name, flags), flags, dataOfRun(flags.from, { flags, self, action: 'continue from' })),
    );
