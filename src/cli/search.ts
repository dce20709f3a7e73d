import { Command, Option } from 'commander';
import { experiments, RECOMMENDED, type Values } from '../experiment/index.js';
import { dataOfRun } from './data-of-run.js';
import { dataOptions } from './data-options.js';
import { manyOptions, operandsOf, seedsOption } from './many-options.js';
import { experimentOptions, type RunFlags, runOptions, searchFor } from './options.js';
import { start } from './start.js';
import { isSweep, optionsIn, type SweepFlags, sweep } from './sweep.js';

export const command = (): Command =>
  manyOptions(
    runOptions(experimentOptions(dataOptions(new Command('search')), experiments.all(), { lists: true })).argument(
      '[recipe]',
      `which experiment: see \`tailnas recipes\` (default: ${RECOMMENDED})`,
    ),
  )
    .addOption(seedsOption('search once at each of these seeds'))
    .optionsGroup('Run:')
    .addOption(
      new Option(
        '--from <run>',
        'start from a finished search, for recipes that continue one, with its data unless --data is given',
      ),
    )
    .description('search an architecture, and test it')
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas search darts --scale smoke
        minutes: DARTS on MNIST (downloaded once), long-tailed at ratio 100
  $ tailnas search --data ~/birds --image-size 64
        your own images (train/<class>/*, test/<class>/*), as imbalanced as they are
  $ tailnas search darts --data cifar10 --scale paper --dry-run
        how long the paper's size would take here, and in how much memory
  $ tailnas search darts --data cifar10 --scale paper --profile 5
        where the time of its steps goes

A search that is expected to need more memory than is free is refused (exit code 2), naming the largest batch that
fits. --force starts it anyway. TAILNAS_MEMORY=<bytes> sets how much it may use.`,
    )
    .action((_: string, __: readonly string[], flags: RunFlags & SweepFlags, self: Command) => {
      const { operands, sbatch } = operandsOf(self, { ...flags, most: 1 });
      const [name = RECOMMENDED] = operands; // a flag for sbatch may stand where it would
      const options = optionsIn(flags, experiments.all());
      const own = () => dataOfRun(flags.from, { flags, self, action: 'continue from' });
      if (!isSweep(flags, options)) return start(searchFor(name, flags), flags, own());
      const { scale } = flags;
      const wanted = (_: number, values: Values) => searchFor(name, { scale, ...values });
      return sweep({ words: ['search', name], options, flags: { scale }, wanted, ...own(), sbatch }, flags, self);
    });
