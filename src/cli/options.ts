import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { closest } from 'fastest-levenshtein';
import type { Imbalance, Sampling } from '../data/index.js';
import type { BnScope } from '../net/index.js';
import { recipes, type Scale, scaled, scaleNames } from '../recipes/index.js';
import { type FreezeForm, freezeForms, parseSchedule, requireMixing, type Schedule } from '../schedule/index.js';
import { type DataRequest, type Recipe, type Settings, varied } from '../train/index.js';
import { fromUser, numberIn, oneOf, UsageError } from './usage.js';

/** Flags that say which data to learn from. */
export interface DataFlags {
  data?: string;
  imbalance: Imbalance;
  imbalanceRatio: number;
  imageSize?: number;
  testShare?: number;
  skipCorrupt?: true;
  grey?: true;
  flip?: boolean;
}

/** Flags that say how large a search is. */
export interface SizeFlags {
  scale: Scale;
  epochs?: number;
  batchSize?: number;
  channels?: number;
  layers?: number;
  nodes?: number;
  order?: 1 | 2;
}

/** What the flags of `search` give. */
export interface SearchFlags extends DataFlags, SizeFlags {
  weightLr?: number;
  archLr?: number;
  archOptimizer?: Settings['archOptimizer'];
  mixing?: Schedule;
  sampling?: Sampling;
  bnScope?: BnScope;
  logitScale?: number;
  freeze?: FreezeForm;
  seed: number;
  from?: string;
  device: string;
  threads: number;
  out?: string;
  checkpointMinutes: number;
  dryRun?: true;
  force?: true;
  profile?: true | number;
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

/** For a run that is expected to need more memory than there is. */
export const forceOption = (): Option =>
  new Option('--force', 'go on although the run is expected to need more memory than is free');

/** Adds the flags that say which data to learn from. */
export const dataOptions = (command: Command): Command =>
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
    .addOption(new Option('--no-flip', 'never mirror images in training'));

/** Adds the flags that say how large a search is. */
export const sizeOptions = (command: Command): Command =>
  command
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
    );

const mixing = (text: string): Schedule => fromUser(() => requireMixing(parseSchedule(text)));

/** Adds the flags that turn a method's switches, and the settings that the paper leaves open. */
const switchOptions = (command: Command): Command =>
  command
    .optionsGroup('What the paper leaves open (see docs/details.md):')
    .addOption(
      new Option(
        '--mixing <schedule>',
        'how much of the instance branch is in the loss over the search, e.g. "reverseSigmoid(10)"; `tailnas plot schedule` draws it',
      ).argParser(mixing),
    )
    .addOption(
      new Option('--freeze <form>', `form of eq 17, on the backbone's alpha: ${freezeForms.join(', ')}`).argParser(
        oneOf('form', freezeForms),
      ),
    )
    .addOption(
      new Option('--sampling <how>', 'how batches of the second branch are drawn: class, reversed, instance').argParser(
        oneOf('sampling', ['class', 'reversed', 'instance'] as const),
      ),
    )
    .addOption(
      new Option('--bn-scope <whose>', 'batch statistics of both branches jointly, or perBranch').argParser(
        oneOf('scope', ['joint', 'perBranch'] as const),
      ),
    )
    .addOption(new Option('--logit-scale <n>', 'factor on the mixed logits').argParser(numberIn({ above: 0 })))
    .addOption(
      new Option('--arch-optimizer <rule>', 'rule for alpha: adam or sgd').argParser(
        oneOf('rule', ['adam', 'sgd'] as const),
      ),
    )
    .addOption(new Option('--arch-lr <n>', 'learning rate of alpha').argParser(numberIn({ least: 0 })))
    .addOption(new Option('--weight-lr <n>', 'first learning rate of the weights').argParser(numberIn({ least: 0 })));

/** Adds the flags of a search to a command. */
export const searchOptions = (command: Command): Command =>
  switchOptions(sizeOptions(dataOptions(command)))
    .optionsGroup('Search:')
    .addOption(
      new Option('--seed <n>', 'seed of weights, batches and augmentation')
        .argParser(numberIn({ least: 0, whole: true }))
        .default(0),
    )
    .addOption(new Option('--from <run>', "take over a finished run's search, for recipes that go on from it"))
    .optionsGroup('Machine:')
    .addOption(new Option('--device <name>', 'cpu or cuda').argParser(device).default('cpu'))
    .addOption(
      new Option('--threads <n>', 'threads of one operation')
        .argParser(numberIn({ least: 1, most: 1024, whole: true }))
        .default(availableParallelism()),
    )
    .addOption(forceOption())
    .optionsGroup('Output:')
    .addOption(new Option('--out <folder>', 'run folder, new or empty (default: runs/<recipe>-<time>)'))
    .addOption(checkpointOption())
    .option('--dry-run', 'print what would run and what it would need, without training')
    .addOption(
      new Option('--profile [steps]', 'print where the time of a step goes; after so many steps, save and stop')
        .argParser(count)
        .conflicts('dryRun'),
    )
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress');

const SETTINGS = [
  'epochs',
  'batchSize',
  'channels',
  'layers',
  'nodes',
  'order',
  'weightLr',
  'archLr',
  'archOptimizer',
] as const;
const SWITCHES = ['mixing', 'sampling', 'bnScope', 'logitScale', 'freeze'] as const;

const given = (flags: Partial<SearchFlags>, keys: readonly (keyof SearchFlags)[]) =>
  Object.fromEntries(keys.flatMap((key) => (flags[key] === undefined ? [] : [[key, flags[key]]])));

/** The recipe that a name and flags stand for. Throws a UsageError with the nearest name when there is none. */
export const recipeFor = (
  name: string,
  flags: SizeFlags & Partial<SearchFlags>,
): { recipe: Recipe; overrides: Partial<Settings> } => {
  const found = recipes.find((r) => r.name === name);
  const names = recipes.map((r) => r.name);
  if (found === undefined)
    throw new UsageError(
      `unknown recipe "${name}": did you mean "${closest(name, names)}"? (one of ${names.join(', ')})`,
    );
  const overrides: Partial<Settings> = given(flags, SETTINGS);
  const recipe = scaled(found, { scale: flags.scale, settings: overrides });
  return { recipe: fromUser(() => varied(recipe, given(flags, SWITCHES))), overrides };
};

/** The data that flags stand for. */
export const dataFor = (flags: DataFlags & Pick<SizeFlags, 'scale'>): DataRequest => ({
  spec: flags.data ?? (flags.scale === 'smoke' ? 'mnist' : 'cifar10'),
  imbalance: flags.imbalance,
  imbalanceRatio: flags.imbalanceRatio,
  imageSize: flags.imageSize,
  testShare: flags.testShare,
  skipCorrupt: flags.skipCorrupt,
  grey: flags.grey,
  flip: flags.flip === false ? false : undefined, // commander's default for --no-flip is true, which must not force mirroring
});
