import { Command } from 'commander';
import { recommended } from '../recipes/index.js';
import { defaultRunDir } from '../run/index.js';
import { startRun } from '../train/index.js';
import { dryRun } from './dry-run.js';
import { dataFor, recipeFor, type SearchFlags, searchOptions } from './options.js';
import { watchRun } from './watch.js';

export const searchCommand = (): Command =>
  searchOptions(new Command('search'))
    .description('search an architecture, and test it')
    .argument('[recipe]', 'which experiment: see `tailnas recipes`', recommended.name)
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas search darts --scale smoke
        minutes: DARTS on the MNIST that comes with tailnas, long-tailed at ratio 100
  $ tailnas search --data ~/birds --imbalance natural --image-size 64
        your own images (train/<class>/*, test/<class>/*), as imbalanced as they are
  $ tailnas search darts --data cifar10 --scale paper --dry-run
        how long the paper's size would take here, and in how much memory
  $ tailnas search darts --data cifar10 --scale paper --profile 5
        where the time of its steps goes

A search that is expected to need more memory than is free is refused, with the largest batch that would fit (exit code 2);
--force goes on all the same. TAILNAS_MEMORY=<bytes> says how much it may have.`,
    )
    .action(async (name: string, flags: SearchFlags) => {
      const { recipe, overrides } = recipeFor(name, flags);
      const data = dataFor(flags);
      if (flags.dryRun) return dryRun(recipe, { data, flags });
      await watchRun(
        (watch) =>
          startRun(
            {
              recipe,
              data,
              seed: flags.seed,
              device: flags.device,
              threads: flags.threads,
              from: flags.from,
              out: flags.out ?? defaultRunDir('runs', name),
              overrides: { scale: flags.scale, ...overrides },
              command: ['tailnas', ...process.argv.slice(2)],
            },
            { checkpointSeconds: 60 * flags.checkpointMinutes, force: flags.force, ...watch },
          ),
        { json: flags.json === true, quiet: flags.quiet === true, profile: flags.profile },
      );
    });
