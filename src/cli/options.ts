import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { closest } from 'fastest-levenshtein';
import type { Imbalance } from '../data/index.js';
import { recipes, type Scale, scaled, scaleNames } from '../recipes/index.js';
import type { DataRequest, Recipe, Settings } from '../train/index.js';
import { numberIn, oneOf, UsageError } from './usage.js';

/** What the flags of `search` give. */
export interface SearchFlags {
  data?: string;
  imbalance: Imbalance;
  imbalanceRatio: number;
  scale: Scale;
  epochs?: number;
  batchSize?: number;
  channels?: number;
  layers?: number;
  nodes?: number;
  order?: 1 | 2;
  seed: number;
  device: string;
  threads: number;
  out?: string;
  checkpointMinutes: number;
  imageSize?: number;
  testShare?: number;
  skipCorrupt?: true;
  grey?: true;
  flip?: boolean;
  dryRun?: true;
  json?: true;
  quiet?: true;
}

const IMBALANCES: readonly Imbalance[] = ['exp', 'step', 'natural'];
const count = numberIn({ least: 1, whole: true });

const device = (word: string): string => {
  if (/^(cpu|cuda(:\d+)?)$/.test(word)) return word;
  throw new InvalidArgumentError(
    `Unknown device "${word}": did you mean "${closest(word, ['cpu', 'cuda'])}"? (cpu, cuda or cuda:N)`,
  );
};

/** How often a run is saved within an epoch; it always is after one. */
export const checkpointOption = (): Option =>
  new Option('--checkpoint-minutes <n>', 'time between checkpoints within an epoch')
    .argParser(numberIn({ least: 0 }))
    .default(3);

/** Adds the flags of a search to a command. */
export const searchOptions = (command: Command): Command =>
  command
    .optionsGroup('Data:')
    .addOption(
      new Option(
        '--data <name or path>',
        'mnist (comes with tailnas), cifar10, cifar100 (downloaded once), or a folder or archive of images (default: mnist at scale smoke, else cifar10)',
      ),
    )
    .addOption(
      new Option(
        '--imbalance <shape>',
        'how training images are thinned out over classes: exp, step, or natural (as they are)',
      )
        .argParser(oneOf('shape', IMBALANCES))
        .default('exp'),
    )
    .addOption(
      new Option('--imbalance-ratio <n>', 'images of the largest class per image of the smallest')
        .argParser(numberIn({ least: 1 }))
        .default(100),
    )
    .addOption(
      new Option('--image-size <pixels>', 'size to which the images of a folder are brought (default: 32)').argParser(
        numberIn({ least: 8, most: 1024, whole: true }),
      ),
    )
    .addOption(
      new Option(
        '--test-share <share>',
        'share of a folder without test images that is set aside for the test',
      ).argParser(numberIn({ above: 0, most: 0.9 })),
    )
    .option('--grey', 'bring the images of a folder to one channel')
    .option('--skip-corrupt', 'leave out images that cannot be read, and count them')
    .addOption(new Option('--no-flip', 'never mirror images in training'))
    .optionsGroup('Search:')
    .addOption(
      new Option('--scale <size>', `preset of epochs, batch, channels, layers and nodes: ${scaleNames.join(', ')}`)
        .argParser(oneOf('scale', scaleNames))
        .default('small'),
    )
    .addOption(new Option('--epochs <n>', 'passes over the training images').argParser(count))
    .addOption(new Option('--batch-size <n>', 'images of one step and stream').argParser(count))
    .addOption(new Option('--channels <n>', 'channels of the first cell').argParser(count))
    .addOption(new Option('--layers <n>', 'cells').argParser(count))
    .addOption(new Option('--nodes <n>', 'intermediate nodes of a cell').argParser(count))
    .addOption(
      new Option('--order <1|2>', "order of the architecture's gradient").argParser((word): 1 | 2 =>
        oneOf('order', ['1', '2'])(word) === '1' ? 1 : 2,
      ),
    )
    .addOption(
      new Option('--seed <n>', 'seed of weights, batches and augmentation')
        .argParser(numberIn({ least: 0, whole: true }))
        .default(0),
    )
    .optionsGroup('Machine:')
    .addOption(new Option('--device <name>', 'cpu or cuda').argParser(device).default('cpu'))
    .addOption(
      new Option('--threads <n>', 'threads of one operation')
        .argParser(numberIn({ least: 1, most: 1024, whole: true }))
        .default(availableParallelism()),
    )
    .optionsGroup('Output:')
    .addOption(new Option('--out <folder>', 'run folder, new or empty (default: runs/<recipe>-<time>)'))
    .addOption(checkpointOption())
    .option('--dry-run', 'print what would run and what it would need, without training')
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress');

const SETTINGS = ['epochs', 'batchSize', 'channels', 'layers', 'nodes', 'order'] as const;

/** The recipe that a name and flags stand for. Throws a UsageError with the nearest name when there is none. */
export const recipeFor = (name: string, flags: SearchFlags): { recipe: Recipe; overrides: Partial<Settings> } => {
  const found = recipes.find((r) => r.name === name);
  const names = recipes.map((r) => r.name);
  if (found === undefined)
    throw new UsageError(
      `unknown recipe "${name}": did you mean "${closest(name, names)}"? (one of ${names.join(', ')})`,
    );
  const overrides: Partial<Settings> = Object.fromEntries(
    SETTINGS.flatMap((key) => (flags[key] === undefined ? [] : [[key, flags[key]]])),
  );
  return { recipe: scaled(found, { scale: flags.scale, settings: overrides }), overrides };
};

/** The data that flags stand for. */
export const dataFor = (flags: SearchFlags): DataRequest => ({
  spec: flags.data ?? (flags.scale === 'smoke' ? 'mnist' : 'cifar10'),
  imbalance: flags.imbalance,
  imbalanceRatio: flags.imbalanceRatio,
  imageSize: flags.imageSize,
  testShare: flags.testShare,
  skipCorrupt: flags.skipCorrupt,
  grey: flags.grey,
  flip: flags.flip === false ? false : undefined, // commander's default for --no-flip is true, which must not force mirroring
});
