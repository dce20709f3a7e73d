import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { networkNames, networkOf, numberIn, RANDOM, training, type Values } from '../experiment/index.js';
import { isFit, openRun } from '../run/index.js';
import { type SearchSpace, spaces } from '../space/index.js';
import { dataOfRun } from './data-of-run.js';
import { dataOptions } from './data-options.js';
import { manyOptions, operandsOf, seedsOption } from './many-options.js';
import { experimentOptions, planFor, type RunFlags, runOptions } from './options.js';
import { start } from './start.js';
import { isSweep, optionsIn, type SweepFlags, sweep } from './sweep.js';
import { argument, fromUser, UsageError } from './usage.js';

/** What a random cell is drawn by. */
interface Drawn {
  readonly space?: SearchSpace;
  readonly nodes?: number;
}

/** One experiment of every kind of network: their options are the same. */
const any = () => training({ name: 'darts-v2', genotypes: {} });

export const command = (): Command =>
  manyOptions(
    runOptions(experimentOptions(dataOptions(new Command('train')), [any()], { lists: true })).addArgument(
      new Argument(
        '<network>',
        `a run folder, a genotype.json, random, or one of ${networkNames().join(', ')} (or another depth, 6n + 2)`,
      ),
    ),
  )
    .addOption(seedsOption('train once at each of these seeds'))
    .optionsGroup('Data:')
    .addOption(
      new Option(
        '--split <images>',
        'train: hold out validation images; all: train on them too, without validation (default: train; with the ' +
          "data of a run, the run's)",
      ).choices(['train', 'all']),
    )
    .optionsGroup('Network:')
    .addOption(
      new Option('--space <space>', `search space that a ${RANDOM} cell is drawn from (default: darts)`).argParser(
        argument(spaces.read),
      ),
    )
    .addOption(
      new Option('--nodes <n>', `nodes of a ${RANDOM} cell (default: 4)`).argParser(
        argument(numberIn({ least: 1, whole: true })),
      ),
    )
    .description('train a network from scratch: one that a search found, or any other')
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas train runs/hls-20260102-030405 --data cifar10
        the cells that a search found; with two heads, the class head's cell on top of the backbone's
  $ tailnas train darts-v2 --data cifar10 --split all
        a published cell, at 16 channels and 8 cells (246,106 weights, 43 million multiply-adds; ResNet-32 has 464,154
        and 69 million); --scale paper has DARTS' own sizes (3.3 million weights, days on two cores)
  $ tailnas train resnet32 --data cifar10 --channels 64
  $ tailnas train random --seed 3 --data ~/birds
        a random cell of DARTS' space: what a search should beat
  $ tailnas train resnet32 --data ~/birds --seeds 1..3 --loss "cross-entropy, balanced-softmax" --out losses
        six runs and one table; --jobs 2 makes two at a time, --on slurm an array of jobs

If a run is named without --data, the data of that run are used. They must not have changed.`,
    )
    .action((what: string, _: readonly string[], flags: RunFlags & SweepFlags & Drawn, self: Command) => {
      const { space, nodes, scale } = flags;
      const { sbatch } = operandsOf(self, { ...flags, most: 1 });
      const alien =
        what === RANDOM ? undefined : (['space', 'nodes'] as const).find((name) => flags[name] !== undefined);
      if (alien !== undefined)
        throw new UsageError(`--${alien} is for a ${RANDOM} cell: leave it out to train ${what}`);
      const planOf = (seed: number, values: Values) => {
        const network = fromUser(() => networkOf(what, { seed, space, nodes, openRun }));
        return planFor(training(network, existsSync(what) ? { what } : {}), { scale, values });
      };
      const options = optionsIn(flags, [any()]);
      const run = existsSync(join(what, 'run.json')) || isFit(what) ? what : undefined;
      const own = () => dataOfRun(run, { flags, self, action: 'train' });
      if (!isSweep(flags, options)) return start(planOf(flags.seed, options.common), flags, own());
      const request = { words: ['train', what], options, flags: { scale }, wanted: planOf, ...own(), sbatch };
      return sweep(request, flags, self);
    });
