import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { kebab, networkNames, networkOf, training } from '../experiment/index.js';
import { openRun } from '../run/index.js';
import { type DataRequest, requestOf } from '../session/index.js';
import {
  dataFor,
  dataOptions,
  experimentOptions,
  given,
  type OptionFlags,
  planFor,
  type RunFlags,
  runOptions,
} from './options.js';
import { start } from './start.js';
import { fromUser, UsageError } from './usage.js';

const DATA_FLAGS = ['imbalance', 'imbalanceRatio', 'imageSize', 'testShare', 'skipCorrupt', 'grey', 'flip'];

/** One experiment of every kind of network: their options are the same. */
const any = () => training({ name: 'darts-v2', genotypes: {} });

export const command = (): Command =>
  runOptions(experimentOptions(dataOptions(new Command('train')), [any()]))
    .optionsGroup('Data:')
    .addOption(
      new Option('--split <images>', 'train: hold validation images out; all: train on them as well, validate nothing')
        .choices(['train', 'all'])
        .default('train'),
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
        the cells that a search found; of two heads, the class head's cell on top of the backbone's
  $ tailnas train darts-v2 --data cifar10 --split all
        a published cell, at the size of a ResNet-32; --scale paper has DARTS' own sizes (days on two cores)
  $ tailnas train resnet32 --data cifar10 --channels 64
  $ tailnas train random --seed 3 --data ~/birds --imbalance natural
        a random cell of DARTS' space: what a search should beat

The data are those of the run where a run is named and --data is not given.`,
    )
    .action((what: string, flags: RunFlags & OptionFlags, self: Command) => {
      const network = fromUser(() => networkOf(what, { seed: flags.seed, openRun }));
      const experiment = training(network);
      const asked = planFor(experiment, { scale: flags.scale, values: given(flags, [experiment]) });
      return start(asked, flags, dataOf(what, { flags, self }));
    });

/**
 * The data that flags stand for; where a run is trained and no data are named, that run's. Throws a UsageError on flags
 * that say otherwise.
 */
const dataOf = (what: string, { flags, self }: { flags: RunFlags; self: Command }): DataRequest => {
  const isRun = existsSync(join(what, 'run.json'));
  if (!isRun || flags.data !== undefined) return dataFor(flags);
  const other = DATA_FLAGS.find((name) => self.getOptionValueSource(name) === 'cli');
  if (other !== undefined)
    throw new UsageError(`--${kebab(other)} needs --data: without it, the data are those of ${what}, as it had them`);
  const { data } = openRun(what).info;
  return { ...requestOf(data['request'], { run: what }), split: flags.split === 'all' ? 'all' : undefined };
};
