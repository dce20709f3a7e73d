import { type Command, Option } from 'commander';
import { type Fit, fits, type Imbalance, imbalances } from '../data/index.js';
import { numberIn, oneOf, type Scale } from '../experiment/index.js';
import type { DataRequest } from '../session/index.js';
import { argument, UsageError } from './usage.js';

/** Flags that say which data to learn from. */
export interface DataFlags {
  data?: string;
  imbalance?: Imbalance;
  imbalanceRatio?: number;
  imageSize?: number;
  testShare?: number;
  skipCorrupt?: true;
  strict?: true;
  nearDuplicates?: true;
  fit?: Fit;
  labels?: string;
  grey?: true;
  flip?: boolean;
  split?: 'train' | 'all';
}

/** Adds the flags that say which data to learn from; `usual` says what they are by default. */
export const dataOptions = (command: Command, usual = ' (default: mnist at scale smoke, else cifar10)'): Command =>
  command
    .optionsGroup('Data:')
    .addOption(
      new Option(
        '--data <name or path>',
        `mnist, cifar10, cifar100 (downloaded once), or a folder or archive of images${usual}`,
      ),
    )
    .addOption(
      new Option(
        '--imbalance <shape>',
        'how classes are thinned out for training: exp, step, or natural for no change (default: natural; ' +
          'exp for mnist and cifar, and if a ratio is given)',
      ).argParser(argument(oneOf(imbalances))),
    )
    .addOption(
      new Option(
        '--imbalance-ratio <n>',
        'images of the largest class per image of the smallest (default: 100)',
      ).argParser(argument(numberIn({ least: 1 }))),
    )
    .addOption(
      new Option('--image-size <pixels>', 'side of the images of a folder after resizing (default: 32)').argParser(
        argument(numberIn({ least: 8, most: 1024, whole: true })),
      ),
    )
    .addOption(
      new Option(
        '--test-share <share>',
        'share of each class set aside for the test, if a folder has no test images (default: 0.2)',
      ).argParser(argument(numberIn({ above: 0, most: 0.9 }))),
    )
    .option('--grey', 'convert the images of a folder to one channel')
    .addOption(
      new Option(
        '--fit <way>',
        'how images of another shape are resized: cover cuts out the middle, contain adds black, stretch ' +
          'distorts (default: cover)',
      ).choices([...fits]),
    )
    .option('--labels <table>', 'a CSV file with an image and its class in each row, for images without class folders')
    .option('--skip-corrupt', 'leave out images that cannot be read, and name them in skipped.json')
    .option('--strict', 'refuse images that decode with warnings')
    .option('--near-duplicates', 'look for nearly equal images in different parts or under two classes, and list them')
    .addOption(new Option('--no-flip', 'never mirror images in training'));

const imbalanceFor = ({ imbalance, imbalanceRatio }: DataFlags): Pick<DataRequest, 'imbalance' | 'imbalanceRatio'> => {
  if (imbalance === 'natural' && imbalanceRatio !== undefined)
    throw new UsageError(
      `Cannot use --imbalance-ratio ${imbalanceRatio} with --imbalance natural, which thins nothing out; leave one out`,
    );
  return { imbalance, imbalanceRatio };
};

/** The data that flags stand for. */
export const dataFor = (flags: DataFlags & { readonly scale: Scale }): DataRequest => ({
  spec: flags.data ?? (flags.scale === 'smoke' ? 'mnist' : 'cifar10'),
  ...imbalanceFor(flags),
  imageSize: flags.imageSize,
  testShare: flags.testShare,
  skipCorrupt: flags.skipCorrupt,
  strict: flags.strict,
  nearDuplicates: flags.nearDuplicates,
  fit: flags.fit,
  labels: flags.labels,
  grey: flags.grey,
  // Commander's default for --no-flip is true, which must not force mirroring.
  flip: flags.flip === false ? false : undefined,
  split: flags.split === 'all' ? 'all' : undefined,
});
