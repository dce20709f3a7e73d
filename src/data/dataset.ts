import { createHash } from 'node:crypto';
import { FIT } from './decode.js';
import { type Imbalance, longTailCounts } from './long-tail.js';
import { openSource } from './open-source.js';
import { countLabels, type DataSource, type ImageSet, type Loaded, type SourceOptions } from './source.js';
import { splitClasses } from './split.js';

/** Images of each class. */
export type Counts = Readonly<Record<'train' | 'valid' | 'test', readonly number[]>>;

interface About {
  readonly name: string;
  readonly classes: readonly string[];
  readonly channels: 1 | 3;
  /** Height and width of every image. */
  readonly imageSize: number;
  /** How an image of another shape is brought to the size. */
  readonly fit: typeof FIT;
  readonly counts: Counts;
  /** Training images of each class before they were thinned out. */
  readonly available: readonly number[];
  /** The share of each class that was set aside for the test; absent where the data have a test part. */
  readonly testShare?: number | undefined;
  /** How they were thinned out. */
  readonly tail: { readonly imbalance: Imbalance; readonly imbalanceRatio: number };
}

/** What a run is going to learn from, known before any image is decoded. */
export interface DatasetPlan extends About {
  load(): Promise<Dataset>;
}

/** What a run learns from, in memory. */
export interface Dataset extends About {
  readonly train: ImageSet;
  readonly valid: ImageSet;
  readonly test: ImageSet;
  /** Per channel, of pixels in 0…1. */
  readonly mean: readonly number[];
  /** Per channel, of pixels in 0…1. */
  readonly std: readonly number[];
  /** The label of its usual augmentation: `crop(4) + flip`. */
  readonly augment: string;
  /** SHA-256 over classes, shapes, labels and pixels: equal exactly when two runs saw the same data. */
  readonly fingerprint: string;
  /** Files left out because they could not be read. */
  readonly skipped: readonly string[];
}

export const splits = ['train', 'all'] as const;

export interface PlanOptions extends SourceOptions {
  /** How the training images are thinned out; unless said `exp` where a ratio is given, else the source's own habit. */
  readonly imbalance?: Imbalance | undefined;
  /** Of the largest class to the smallest; 100 unless said. */
  readonly imbalanceRatio?: number | undefined;
  readonly validShare?: number | undefined;
  /** Which images to train on: those that do not validate, or `all`, and none validate. */
  readonly split?: (typeof splits)[number] | undefined;
  readonly seed?: number | undefined;
}

/** The ratio of the long-tail literature. */
const USUAL_RATIO = 100;

const requireAllClasses = ({ labels, skipped }: Loaded, set: keyof Counts, classes: readonly string[]): void => {
  const lost = countLabels(labels, classes.length).indexOf(0);
  if (lost >= 0)
    throw new Error(
      `Cannot load data: class "${classes[lost]}" has no image left in the ${set} part ` +
        `(${skipped.length} unreadable files skipped); add readable images or remove the class`,
    );
};

/** Mean and standard deviation per channel, of pixels in 0…1, from a histogram: exact for any number of pixels. */
const channelStatistics = ({ images, channels }: ImageSet): { mean: number[]; std: number[] } => {
  const histograms = Array.from({ length: channels }, () => new Float64Array(256));
  for (let start = 0; start < images.length; start += channels) {
    for (const [channel, histogram] of histograms.entries()) {
      const value = images[start + channel] ?? 0;
      histogram[value] = (histogram[value] ?? 0) + 1;
    }
  }
  const pixels = images.length / channels;
  const average = (histogram: Float64Array, of: (value: number) => number) =>
    histogram.reduce((sum, count, value) => sum + count * of(value / 255), 0) / pixels;
  const mean = histograms.map((histogram) => average(histogram, (value) => value));
  const variance = histograms.map((histogram, c) => average(histogram, (value) => (value - (mean[c] ?? 0)) ** 2));
  return { mean, std: variance.map((value) => Math.sqrt(value) || 1) }; // a constant channel must not divide by 0
};

const fingerprint = (classes: readonly string[], sets: readonly ImageSet[]): string => {
  const hash = createHash('sha256').update(JSON.stringify(classes));
  for (const { images, labels, height, width, channels } of sets) {
    hash.update(JSON.stringify([labels.length, height, width, channels]));
    hash.update(labels).update(images);
  }
  return hash.digest('hex');
};

const loadDataset = async (
  source: DataSource,
  parts: Readonly<Record<keyof Counts, Uint32Array>>,
  { about, onProgress }: { about: About } & Pick<PlanOptions, 'onProgress'>,
): Promise<Dataset> => {
  const total = parts.train.length + parts.valid.length + parts.test.length;
  const skipped: string[] = [];
  let before = 0;
  const load = async (set: keyof Counts): Promise<ImageSet> => {
    const indices = parts[set];
    const start = before;
    const loaded = await source.load(set === 'test' ? 'test' : 'train', indices, ({ action, done }) =>
      onProgress?.({ action, done: start + done, total }),
    );
    before += indices.length;
    skipped.push(...loaded.skipped);
    if (indices.length > 0) requireAllClasses(loaded, set, about.classes);
    const { images, labels, height, width, channels } = loaded;
    return { images, labels, height, width, channels };
  };
  const train = await load('train');
  const valid = await load('valid');
  const test = await load('test');
  const count = (set: ImageSet): number[] => countLabels(set.labels, about.classes.length);
  const { mean, std } = source.normalize ?? channelStatistics(train);
  return {
    ...about,
    counts: { train: count(train), valid: count(valid), test: count(test) },
    train,
    valid,
    test,
    mean,
    std,
    augment: source.augment,
    fingerprint: fingerprint(about.classes, [train, valid, test]),
    skipped,
  };
};

/**
 * Plans a long-tailed data set: which images of `spec` (see `openSource`, or `arraySource` for
 * images in memory) to train on, to validate on and to test on.
 * The training images are thinned to the long tail and split by class with `seed`; the test part is never thinned.
 */
export const planDataset = async (spec: string | DataSource, options: PlanOptions = {}): Promise<DatasetPlan> => {
  const { imbalance: asked, imbalanceRatio: ratio, validShare = 0.2, split = 'train', seed = 0, ...others } = options;
  const source = await openSource(spec, others);
  const usual = ratio === undefined ? (source.imbalance ?? 'natural') : 'exp';
  const [imbalance, imbalanceRatio] = [asked ?? usual, ratio ?? USUAL_RATIO];
  const { name, classes, channels, imageSize } = source;
  const available = countLabels(source.trainLabels, classes.length);
  const kept = longTailCounts(available, { imbalance, imbalanceRatio, classes });
  const { rest, held } = splitClasses(source.trainLabels, { counts: kept, share: validShare, seed, stream: 'valid' });
  const parts = {
    train: split === 'all' ? Uint32Array.from([...rest, ...held]).sort() : rest,
    valid: split === 'all' ? new Uint32Array() : held,
    test: Uint32Array.from(source.testLabels.keys()),
  };
  const count = (indices: Uint32Array): number[] =>
    countLabels(
      Uint16Array.from(indices, (index) => source.trainLabels[index] ?? 0),
      classes.length,
    );
  const test = countLabels(source.testLabels, classes.length);
  const counts = { train: count(parts.train), valid: count(parts.valid), test };
  const tail = { imbalance, imbalanceRatio };
  const { testShare } = source;
  const about = { name, classes, channels, imageSize, fit: FIT, counts, available, tail, testShare } as const;
  return { ...about, load: () => loadDataset(source, parts, { about, onProgress: options.onProgress }) };
};
