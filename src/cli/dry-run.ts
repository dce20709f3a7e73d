import { kernels, requireDevice, threads } from '../tensor/index.js';
import {
  type DataRequest,
  describeRecipe,
  estimate,
  type MemoryNeed,
  planData,
  type Recipe,
  sizesOf,
} from '../train/index.js';
import { bytes, duration, grouped, listing, plural, table } from './format.js';
import type { SearchFlags } from './options.js';
import { runDisplay, silent } from './progress.js';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const memoryText = ({ expectedMemoryBytes, freeMemoryBytes, largestBatch }: MemoryNeed): string => {
  const free = `${bytes(freeMemoryBytes)} are free`;
  if (expectedMemoryBytes <= freeMemoryBytes)
    return `${bytes(expectedMemoryBytes)}; ${free}, enough for batches of ${grouped(largestBatch)}`;
  const way = largestBatch === 0 ? 'not enough for a batch of 1' : `enough for --batch-size ${largestBatch}`;
  return `${bytes(expectedMemoryBytes)}, which would be refused: ${free}, ${way}`;
};

/** Prints what a search would do and need, from a few steps of a throw-away network; trains and writes nothing. */
export const dryRun = async (
  recipe: Recipe,
  { data, flags }: { data: DataRequest; flags: SearchFlags },
): Promise<void> => {
  threads.set(flags.threads);
  requireDevice(flags.device);
  const computing = kernels();
  const display = flags.quiet ? silent : runDisplay();
  const plan = await planData(data, { onProgress: display.onData });
  display.end();
  const { counts, classes, channels, imageSize, name } = plan;
  const expected = await estimate(recipe, sizesOf(plan));
  const described = describeRecipe(recipe);
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ recipe: described, data: { ...data, name, classes, channels, imageSize }, counts, kernels: computing, ...expected })}\n`,
    );
    return;
  }
  const { settings, method } = described;
  const rows = classes.map((label, c) => [
    label,
    ...[counts.train, counts.valid, counts.test].map((of) => String(of[c] ?? 0)),
  ]);
  const total = ['all', ...[counts.train, counts.valid, counts.test].map((of) => String(sum(of)))];
  const out = [
    listing([
      [
        'recipe',
        `${described.name}: ${described.label}${described.paper === null ? '' : ` (the paper reports ${described.paper} %)`}`,
      ],
      ['method', `${method.label}; batches drawn by ${method.streams.join(' and ')}`],
      ...Object.entries(settings).map(([key, value]): [string, string] => [`  ${key}`, String(value)]),
      [
        'data',
        `${name}, ${imageSize}×${imageSize}, ${channels === 1 ? 'grey' : 'colour'}, ${data.imbalance === 'natural' ? 'as it is' : `${data.imbalance} long tail at ratio ${data.imbalanceRatio}`}`,
      ],
    ]),
    table([['class', 'train', 'valid', 'test'], ...rows, total], { right: [1, 2, 3] }),
    listing([
      ['kernels', computing],
      ['weights', grouped(expected.weights)],
      ['steps an epoch', String(expected.stepsPerEpoch)],
      ['expected memory', memoryText(expected)],
      [
        'expected time',
        `${duration(expected.expectedSeconds)}, ${duration(expected.expectedSecondsPerEpoch)} an epoch, with ${plural(flags.threads, 'thread')}`,
      ],
    ]),
  ];
  process.stdout.write(`${out.join('\n\n')}\n`);
};
