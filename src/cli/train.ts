import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { networkNames, networkOf, numberIn, RANDOM, training } from '../experiment/index.js';
import { openRun } from '../run/index.js';
import { type SearchSpace, spaces } from '../space/index.js';
import { dataOfRun } from './data-of-run.js';
import {
  dataOptions,
  experimentOptions,
  given,
  type OptionFlags,
  planFor,
  type RunFlags,
  runOptions,
} from './options.js';
import { start } from './start.js';
import { argument, fromUser, UsageError } from './usage.js';

/** What a random cell is drawn by. */
interface Drawn {
  readonly space?: SearchSpace;
  readonly nodes?: number;
}

/** One experiment of every kind of network: their options are the same. */
const any = () => training({ name: 'darts-v2', genotypes: {} });

export const command = (): Command =>
  runOptions(experimentOptions(dataOptions(new Command('train')), [any()]))
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
    .addArgument(
      new Argument('<network>', `a run folder, a genotype.json, random, or one of ${networkNames().join(', ')}`),
    )
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

If a run is named without --data, the data of that run are used. They must not have changed.`,
    )
    .action((what: string, flags: RunFlags & OptionFlags & Drawn, self: Command) => {
      const { seed, space, nodes, scale } = flags;
      const alien =
        what === RANDOM ? undefined : (['space', 'nodes'] as const).find((name) => flags[name] !== undefined);
      if (alien !== undefined)
        throw new UsageError(`--${alien} is for a ${RANDOM} cell: leave it out to train ${what}`);
      const network = fromUser(() => networkOf(what, { seed, space, nodes, openRun }));
      const asked = planFor(training(network, existsSync(what) ? { what } : {}), {
        scale,
        values: given(flags, [any()]),
      });
      const run = existsSync(join(what, 'run.json')) ? what : undefined;
      return start(asked, flags, dataOfRun(run, { flags, self, action: 'train' }));
    });
