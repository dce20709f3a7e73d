import { setImmediate } from 'node:timers/promises';
import { type Failure, imageBatches } from '../data/index.js';
import { type OptionNames, requireKnown } from '../label/index.js';
import { logShift, shifted } from '../loop/index.js';
import { scope } from '../tensor/index.js';
import { foundAt, type ImagePaths, shapeOf } from './load-images.js';
import { type OpenModel, open } from './open.js';
import { requireTrained } from './require-trained.js';

/** What a network answers to one image. */
export interface Prediction {
  readonly file: string;
  /** The most probable class. */
  readonly class: string;
  /** Of that class. */
  readonly probability: number;
  /** How far it is ahead of the next class, p₁ − p₂: the smaller, the more doubtful. */
  readonly margin: number;
  /** Of every class, in the order of the run's classes: the softmax of `logits`. */
  readonly probabilities: readonly number[];
  /** Of every class, adjusted to the prior where one was asked for. */
  readonly logits: readonly number[];
}

export interface PredictOptions {
  /** How often each class occurs where the network is used: shares or counts, to which its logits are adjusted. */
  readonly prior?: readonly number[] | undefined;
  /** Images that are computed at once; about what 64 images of 64×64 need unless said. */
  readonly batchSize?: number | undefined;
}

const optionNames: OptionNames<PredictOptions> = { prior: true, batchSize: true };

/** What happens while images are predicted. */
export type PredictEvent =
  | ({ readonly type: 'prediction' } & Prediction)
  /** A file that could not be read, or a path that leads to none; the rest is predicted all the same. */
  | ({ readonly type: 'failure' } & Failure)
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'progress'; readonly done: number; readonly total: number };

const PIXELS = 64 * 64 * 64;
const usualBatch = ({ imageSize }: { imageSize: number }): number =>
  Math.max(4, Math.min(64, Math.floor(PIXELS / imageSize ** 2)));

const softmax = (logits: readonly number[]): number[] => {
  const most = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};

const predictionOf = (file: string, logits: readonly number[], classes: readonly string[]): Prediction => {
  const probabilities = softmax(logits);
  const best = probabilities.indexOf(Math.max(...probabilities));
  const probability = probabilities[best] ?? Number.NaN;
  const next = Math.max(0, ...probabilities.filter((_, c) => c !== best));
  return { file, class: classes[best] ?? '', probability, margin: probability - next, probabilities, logits };
};

/** Logits of a batch by image. Those of an image do not depend on the others in its batch. */
const logitsOf = (
  model: Pick<OpenModel, 'logits'>,
  images: Uint8Array,
  { n, shift }: { n: number; shift: readonly number[] | undefined },
): number[][] =>
  scope(() => {
    // libtorch multiplies a matrix of one row in another way; its last digits differ. One image is computed twice.
    const logits = model.logits(n === 1 ? Buffer.concat([images, images]) : images);
    const all = (shift === undefined ? logits : shifted(logits, shift)).toArray();
    const classes = all.length / (n === 1 ? 2 : n);
    return Array.from({ length: n }, (_, i) => all.slice(i * classes, (i + 1) * classes));
  });

const notices = ({ grey, colour }: { grey: number; colour: boolean }): string[] => [
  ...(grey === 0
    ? []
    : [`${grey === 1 ? '1 image is' : `${grey} images are`} grey: read in three channels, as the network needs`]),
  ...(colour ? ['images in colour are read in grey: the network has one channel'] : []),
];

/**
 * Predicts the classes of image files, as they come: p(class | image) = softmax(logits + log prior′ − log prior), read
 * as the run's training read its images. The next batch is decoded while one is computed, and the pixels of a few
 * batches are in memory, however many files there are. A file that cannot be read is an event, not an error. Throws
 * where the run is a search.
 *
 * @example
 * ```ts
 * const model = open('runs/mine');
 * for await (const event of predictions(model, 'photos'))
 *   if (event.type === 'prediction') console.log(event.file, event.class, event.probability);
 * model.dispose();
 * ```
 */
export async function* predictions(
  model: OpenModel,
  paths: ImagePaths,
  options: PredictOptions = {},
): AsyncGenerator<PredictEvent, void> {
  requireKnown(options, { names: optionNames, action: 'predict' });
  const { prior, batchSize } = options;
  requireTrained(model.run, { action: 'Cannot predict with', info: model.info });
  const shape = shapeOf(model);
  const { files, failures } = await foundAt(paths);
  for (const failure of failures) yield { type: 'failure', ...failure };
  const shift = prior && logShift({ from: model.assumes, to: prior });
  const total = files.length;
  let done = 0;
  let [grey, colour] = [0, false];
  for await (const batch of imageBatches(files, { ...shape, batchSize: batchSize ?? usualBatch(shape) })) {
    const n = batch.files.length;
    const logits = n === 0 ? [] : logitsOf(model, batch.images, { n, shift });
    for (const failure of batch.failures) yield { type: 'failure', ...failure };
    for (const [i, file] of batch.files.entries())
      yield { type: 'prediction', ...predictionOf(file, logits[i] ?? [], model.classes) };
    done += n + batch.failures.length;
    grey += batch.grey;
    colour ||= batch.colour;
    yield { type: 'progress', done, total };
    await setImmediate(); // signals and timers are served only between macrotasks
  }
  for (const text of notices({ grey, colour })) yield { type: 'notice', text };
}

const withoutType = <T extends { readonly type: string }>({ type: _, ...rest }: T): Omit<T, 'type'> => rest;

/** All predictions of some images. */
export interface Predictions {
  readonly classes: readonly string[];
  readonly predictions: readonly Prediction[];
  readonly failures: readonly Failure[];
  readonly notices: readonly string[];
}

/**
 * Predicts the classes of image files with a run, given by its folder or as `open` opened it: what `tailnas predict`
 * does. For very many files, `predictions` gives one after the other.
 *
 * @example
 * ```ts
 * const { predictions, failures } = await predict('runs/mine', ['cat.jpg', 'photos']);
 * for (const { file, class: name, probability } of predictions) console.log(file, name, probability);
 * for (const { file, reason } of failures) console.error(file, reason);
 * ```
 */
export const predict = async (
  run: string | OpenModel,
  paths: ImagePaths,
  options: PredictOptions = {},
): Promise<Predictions> => {
  const model = typeof run === 'string' ? open(run) : run;
  const found: { predictions: Prediction[]; failures: Failure[]; notices: string[] } = {
    predictions: [],
    failures: [],
    notices: [],
  };
  try {
    for await (const event of predictions(model, paths, options)) {
      if (event.type === 'prediction') found.predictions.push(withoutType(event));
      else if (event.type === 'failure') found.failures.push(withoutType(event));
      else if (event.type === 'notice') found.notices.push(event.text);
    }
  } finally {
    if (typeof run === 'string') model.dispose();
  }
  return { classes: model.classes, ...found };
};
