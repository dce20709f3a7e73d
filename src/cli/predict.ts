import { basename } from 'node:path';
import { Command, Option } from 'commander';
import type { Failure } from '../data/index.js';
import { numberIn } from '../experiment/index.js';
import { printable } from '../label/index.js';
import type { NamedPrior } from '../loop/index.js';
import { openRun } from '../run/index.js';
import { type OpenModel, open, type Prediction, predictions, requireTrained } from '../session/index.js';
import { threads } from '../tensor/index.js';
import { duration, grouped, plural, table } from './format.js';
import { imagesOf } from './image-paths.js';
import {
  type Agreement,
  agreement,
  agreementRecord,
  agreementText,
  type KnownLabels,
  knownLabels,
  type LabelSource,
  labelSources,
  unknownText,
} from './known-labels.js';
import type { Mistaken } from './mosaics.js';
import {
  byDoubt,
  csvHeading,
  csvLine,
  jsonOf,
  type Kept,
  keptOf,
  predictionTable,
  type Shown,
} from './predict-output.js';
import { priorFor, priorOption } from './prior.js';
import { countDisplay } from './progress.js';
import { argument, UsageError } from './usage.js';

interface Flags {
  readonly json?: true;
  readonly csv?: true;
  readonly top: number;
  readonly probabilities?: true;
  readonly sort: 'given' | 'doubt';
  readonly prior?: string;
  readonly labels: LabelSource;
  readonly mosaic?: string;
  readonly threads?: number;
  readonly quiet?: true;
}

const atLeastOne = argument(numberIn({ least: 1, whole: true }));

export const command = (): Command =>
  new Command('predict')
    .description('classify images with a trained network (its newest checkpoint)')
    .argument('<run>', 'the folder of a training; its data are not needed')
    .argument(
      '<what...>',
      "image files, folders, archives, patterns in quotes such as 'photos/**/*.jpg', or - for paths on stdin",
    )
    .optionsGroup('Output:')
    .addOption(new Option('--top <n>', 'the n most probable classes of each image').argParser(atLeastOne).default(1))
    .option('--probabilities', 'the probability of every class')
    .addOption(
      new Option('--sort <order>', 'given: as named; doubt: least certain first, by the margin p1 − p2')
        .choices(['given', 'doubt'])
        .default('given'),
    )
    .addOption(new Option('--csv', 'print CSV on stdout, line by line').conflicts('json'))
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress and no notices; unreadable files are still named')
    .optionsGroup('Prior:')
    .addOption(priorOption())
    .optionsGroup('Labels:')
    .addOption(
      new Option(
        '--labels <source>',
        'parent: the folder of an image is its class; none; auto: parent if more than half of the folders are ' +
          'named like classes of the run. With labels, a table counts the correct images of each class',
      )
        .choices([...labelSources])
        .default('auto'),
    )
    .option('--mosaic <folder>', 'draw the most confident mistakes of each class, as PNG files in this folder')
    .optionsGroup('Machine:')
    .addOption(new Option('--threads <n>', 'threads of one operation (default: all cores)').argParser(atLeastOne))
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas predict runs/train-hls-20260102-030405 photo.jpg holiday/
  $ tailnas predict runs/train-hls-20260102-030405 'photos/**/*.jpg' --top 3 --sort doubt
  $ find photos -name '*.png' | tailnas predict runs/train-hls-20260102-030405 - --csv > classes.csv
  $ tailnas predict runs/train-hls-20260102-030405 birds/test --mosaic mistakes

Images are read as in training: upright, fitted to a square of the same size in the same way, with the same channels.
A file that cannot be read is named, the others are predicted, and the exit code is 1.`,
    )
    .action(predictFiles);

const predictFiles = async (run: string, what: string[], flags: Flags): Promise<void> => {
  const folder = openRun(run);
  const { info } = folder;
  const { classes, counts } = info.data;
  requireTrained(run, { action: 'Cannot predict with', info });
  const prior = flags.prior === undefined ? undefined : priorFor(flags.prior, info.data);
  const notice = (text: string): void => {
    if (!flags.quiet) process.stderr.write(`${printable(text)}\n`);
  };
  const found = await imagesOf(what);
  const labels = knownLabels(found.files, { classes, source: flags.labels });
  if (labels === undefined && flags.mosaic !== undefined)
    throw new UsageError(
      '--mosaic needs images whose classes are known: put them into folders named like classes of the run; ' +
        'with --labels parent a few such folders will do',
    );
  const shown: Shown = {
    classes,
    top: Math.min(flags.top, classes.length),
    labels: labels !== undefined,
    probabilities: flags.probabilities === true,
  };
  if (found.leftOut.length > 0)
    notice(
      `left out ${plural(found.leftOut.length, 'file')} in folders whose names are not of images: ` +
        `${basename(found.leftOut[0] ?? '')}${found.leftOut.length > 1 ? ', …' : ''}`,
    );
  if (folder.readEvaluation() === undefined) notice(`${run} is not finished: its newest checkpoint is used`);
  if (labels !== undefined) notice(labels.told);

  const model = open(run);
  if (flags.threads !== undefined) threads.set(flags.threads);
  const stream = flags.csv && flags.sort === 'given';
  if (stream) process.stdout.write(csvHeading(shown));
  const began = performance.now();
  const display = flags.quiet ? { update: () => {}, end: () => {} } : countDisplay('predicting');
  const kept: Kept[] = [];
  const failures: Failure[] = [];
  const checked = agreement(classes);
  const mistakes: Mistaken[] = [];
  let images = 0;
  try {
    for await (const event of predictions(model, found, { prior: prior?.prior })) {
      if (event.type === 'progress') display.update(event.done, event.total);
      else if (event.type === 'notice') {
        display.end();
        notice(event.text);
      } else if (event.type === 'failure') {
        failures.push({ file: event.file, reason: event.reason });
        display.end();
        process.stderr.write(`error: Cannot predict ${printable(event.file)}: ${printable(event.reason)}\n`);
      } else {
        images++;
        const own = keptOf(event, { shown, label: compare(event, { labels, checked, mistakes, model }) });
        if (!stream) kept.push(own);
        // The reader closed the pipe: the rest need not be computed.
        else if (!process.stdout.writable) break;
        else process.stdout.write(csvLine(own, shown));
      }
    }
  } finally {
    display.end();
    model.dispose();
  }
  const seconds = (performance.now() - began) / 1000;
  if (images > 1)
    notice(`${grouped(images)} images in ${duration(seconds)}, ${Math.round(images / seconds)} per second`);

  const record = labels && images > 0 ? agreementRecord(checked, { classes, trainCounts: counts.train }) : undefined;
  const mosaics =
    flags.mosaic === undefined || record === undefined
      ? undefined
      : await (await import('./mosaics.js')).drawMosaics(flags.mosaic, mistakes, {
          classes,
          counts: record.classes.map((c) => c.images),
        });
  const unknown = record?.unknown ?? [];
  for (const one of unknown)
    process.stderr.write(`error: ${printable(unknownText(one, { classes, done: 'predicted, but not counted' }))}\n`);
  if (failures.length > 0 || unknown.length > 0) process.exitCode = 1;

  if (stream) tell(told({ record, mosaics, flags }), flags);
  else print({ run, prior, at: model.at, failures, record, mosaics }, { kept, shown, flags });
};

interface Result {
  readonly run: string;
  readonly prior: NamedPrior | undefined;
  readonly at: OpenModel['at'];
  readonly failures: readonly Failure[];
  readonly record: ReturnType<typeof agreementRecord> | undefined;
  readonly mosaics: readonly string[] | undefined;
}

/** What is said besides the predictions. */
const told = ({ record, mosaics, flags }: Pick<Result, 'record' | 'mosaics'> & { flags: Flags }): string[] => [
  ...(record === undefined ? [] : [agreementText(record)]),
  ...(mosaics === undefined ? [] : [mosaicText(mosaics, flags.mosaic ?? '')]),
];

/** With CSV, stdout is for CSV alone. */
const tell = (texts: readonly string[], { quiet }: Pick<Flags, 'quiet'>): void => {
  if (texts.length > 0 && !quiet) process.stderr.write(`${texts.join('\n\n')}\n`);
};

/** Prints predictions as they were asked for. */
const print = (result: Result, { kept, shown, flags }: { kept: readonly Kept[]; shown: Shown; flags: Flags }): void => {
  const sorted = flags.sort === 'doubt' ? byDoubt(kept) : kept;
  const { record, mosaics, ...about } = result;
  const texts = told({ record, mosaics, flags });
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({
        ...{ ...about, classes: shown.classes, predictions: sorted.map((one) => jsonOf(one, shown)) },
        ...(record === undefined ? {} : { labelled: record }),
        ...(mosaics === undefined ? {} : { mosaics }),
      })}\n`,
    );
  else if (flags.csv) {
    process.stdout.write(csvHeading(shown) + sorted.map((one) => csvLine(one, shown)).join(''));
    tell(texts, flags);
  } else if (kept.length > 0) {
    const { rows, right } = predictionTable(sorted, shown);
    process.stdout.write(`${[table(rows, { right }), ...texts].join('\n\n')}\n`);
  }
};

/** Counts a prediction with its label, if it has one. Returns how to show the label. */
const compare = (
  prediction: Prediction,
  {
    labels,
    checked,
    mistakes,
    model,
  }: { labels: KnownLabels | undefined; checked: Agreement; mistakes: Mistaken[]; model: Pick<OpenModel, 'classes'> },
): string | undefined => {
  const label = labels?.of(prediction.file);
  if (label === undefined) return undefined;
  checked.add(label, prediction.class);
  const truth = model.classes[label.index];
  if (truth !== undefined && truth !== prediction.class)
    mistakes.push({
      ...{ file: prediction.file, truth: label.index, predicted: prediction.class },
      ...{ probability: prediction.probability, ofTruth: prediction.probabilities[label.index] ?? 0 },
    });
  return truth ?? label.name;
};

const mosaicText = (files: readonly string[], folder: string): string =>
  files.length === 0
    ? `no mistakes to draw into ${folder}`
    : [
        `the most confident mistakes of ${plural(files.length, 'class', 'classes')}:`,
        ...files.map((file) => `  ${printable(file)}`),
      ].join('\n');
