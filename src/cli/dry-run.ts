import { unreadableText } from '../data/index.js';
import { describe, type Plan } from '../experiment/index.js';
import { forecast, type MemoryNeed } from '../forecast/index.js';
import { shortName } from '../label/index.js';
import {
  augmentOf,
  augmentText,
  type DataOrigin,
  type DataRequest,
  dataTexts,
  fitting,
  noticesBefore,
  openParent,
  planData,
  requireRoom,
  sizesOf,
} from '../session/index.js';
import { kernels, requireDevice, threads } from '../tensor/index.js';
import { bytes, duration, grouped, listing, plural, table } from './format.js';
import type { RunFlags } from './options.js';
import { runDisplay, silent } from './progress.js';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const memoryText = ({ expectedMemoryBytes, freeMemoryBytes, largestBatch }: MemoryNeed): string => {
  const free = `${bytes(freeMemoryBytes)} are free`;
  if (expectedMemoryBytes <= freeMemoryBytes)
    return `${bytes(expectedMemoryBytes)}; ${free}, enough for batches of ${grouped(largestBatch)}`;
  const way = largestBatch === 0 ? 'not enough for a batch of 1' : `enough for --batch-size ${largestBatch}`;
  return `${bytes(expectedMemoryBytes)}, which would be refused: ${free}, ${way}`;
};

const remedy = ({ skipCorrupt }: DataRequest): string =>
  skipCorrupt
    ? 'they will be left out (--skip-corrupt)'
    : 'a run would refuse them: repair or remove them, or leave such files out with --skip-corrupt';

/** Prints what a run would do and need, from a few steps of a throw-away network; trains and writes nothing. */
export const dryRun = async (
  plan: Plan,
  {
    data,
    origin,
    flags,
    processes,
  }: { data: DataRequest; origin: DataOrigin | undefined; flags: RunFlags; processes: number },
): Promise<void> => {
  threads.set(flags.threads);
  requireDevice(flags.device);
  const computing = kernels();
  const display = flags.quiet ? silent : runDisplay();
  const planned = await planData(data, { onProgress: display.onData, origin });
  requireRoom(planned, { force: true }); // a need that is too large is reported below
  const unreadable = await planned.check();
  const same = await planned.same();
  display.end();
  const { counts, classes, channels, imageSize, name } = planned;
  const augment = await augmentOf(plan, planned, data);
  const done =
    flags.from === undefined ? 0 : openParent(flags.from, { plan, seed: flags.seed, dataset: planned }).records.length;
  const whole = await fitting(plan, () =>
    forecast(plan, sizesOf(planned), { processes: { all: processes, here: processes } }),
  );
  const before = whole.expectedEpochs
    .slice(0, done)
    .map(({ first, steps, perStep, last }) => first + steps * perStep + last);
  const expected = { ...whole, expectedSeconds: whole.expectedSeconds - sum(before) };
  const experiment = describe(plan);
  const notices = noticesBefore(plan, flags.from);
  if (flags.json) {
    const { available, account, notes = [], tail, fit } = planned;
    const about = {
      ...data,
      ...tail,
      ...{ available, name, classes, channels, imageSize, fit, account, notes, unreadable, same },
    };
    process.stdout.write(
      `${JSON.stringify({ experiment, notices, data: about, counts, kernels: computing, ...expected })}\n`,
    );
    return;
  }
  const { paper, label, method, options, streams } = experiment;
  const drawn = streams.filter(({ part }) => part === 'train').map(({ sampling }) => sampling);
  const rows = classes.map((label, c) => [
    shortName(label),
    ...[counts.train, counts.valid, counts.test].map((of) => String(of[c] ?? 0)),
  ]);
  const total = ['all', ...[counts.train, counts.valid, counts.test].map((of) => String(sum(of)))];
  const images = sum([...counts.train, ...counts.valid, ...counts.test]);
  const problems = unreadable.length === 0 ? [] : [`${unreadableText(unreadable, { of: images })}\n${remedy(data)}`];
  const out = [
    listing([
      [experiment.kind, `${experiment.name}: ${label}${paper === null ? '' : ` (the paper reports ${paper} %)`}`],
      ['method', `${method}; batches drawn by ${drawn.join(' and ')}`],
      ...Object.entries(options).map(([key, value]): [string, string] => [`  ${key}`, String(value)]),
      ['data', `${name}, ${imageSize}×${imageSize}, ${channels === 1 ? 'grey' : 'colour'}`],
      ...(planned.tail.imbalance === 'natural' ? [['', 'as imbalanced as they are'] as const] : []),
    ]),
    [...dataTexts(planned), augmentText(augment), ...same, ...notices].join('\n'),
    ...problems,
    table([['class', 'train', 'valid', 'test'], ...rows, total], { right: [1, 2, 3] }),
    listing([
      ['kernels', computing],
      ['weights', grouped(expected.weights)],
      ...(expected.multiplyAdds === undefined
        ? []
        : [['multiply-adds', `${grouped(expected.multiplyAdds)} per image`] as const]),
      ['steps per epoch', String(expected.stepsPerEpoch)],
      ['expected memory', memoryText(expected) + (processes === 1 ? '' : `; of ${processes} processes together`)],
      [
        'expected time',
        `${duration(expected.expectedSeconds)}, ${duration(expected.expectedSecondsPerEpoch)} per epoch, ` +
          `with ${plural(flags.threads, 'thread')}` +
          (processes === 1 ? '' : ` in each of ${processes} processes`),
      ],
    ]),
  ];
  process.stdout.write(`${out.join('\n\n')}\n`);
};
