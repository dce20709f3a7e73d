import { createHash } from 'node:crypto';
import { type Imbalance, longTailCounts } from './long-tail.js';
import { openSource, type SourceOptions } from './open-source.js';
import { type Augment, countLabels, type ImageSet, type Loaded, type Source } from './source.js';
import { heldCount, splitClasses } from './split.js';

export interface Counts {
  train: number[];
  valid: number[];
  test: number[];
}

interface About {
  name: string;
  classes: readonly string[];
  channels: 1 | 3;
  imageSize: number;
  /** Images of each class in each part. */
  counts: Counts;
}

/** What a run is going to learn from, known before any image is decoded. */
export interface DatasetPlan extends About {
  load(): Promise<Dataset>;
}

/** What a run learns from, in memory. */
export interface Dataset extends About {
  train: ImageSet;
  valid: ImageSet;
  test: ImageSet;
  mean: number[]; // [channels], in 0..1 units
  std: number[]; // [channels], in 0..1 units
  augment: Augment;
  /** SHA-256 over classes, shapes, labels and pixels: equal when and only when two runs saw the same data. */
  fingerprint: string;
  /** Files left out because they could not be read. */
  skipped: string[];
}

export interface PlanOptions extends SourceOptions {
  imbalance?: Imbalance | undefined;
  imbalanceRatio?: number | undefined;
  validShare?: number | undefined;
  seed?: number | undefined;
}

/**
 * Plans a long-tailed data set: which images of `spec` (see openSource) to train on, to validate on and to test on. The training images
 * are thinned to the long tail and split by class with `seed`; the test part is never thinned.
 */
export async function planDataset(spec: string, options: PlanOptions = {}): Promise<DatasetPlan> {
  const { imbalance = 'exp', imbalanceRatio = 100, validShare = 0.2, seed = 0, ...sourceOptions } = options;
  const source = await openSource(spec, sourceOptions);
  const { name, classes, channels, imageSize } = source;
  const available = countLabels(source.trainLabels, classes.length);
  const kept = longTailCounts(available, { imbalance, imbalanceRatio, classes });
  const valid = kept.map((count) => heldCount(count, validShare));
  const train = kept.map((count, c) => count - (valid[c] ?? 0));
  const test = countLabels(source.testLabels, classes.length);
  const split = splitClasses(source.trainLabels, { counts: kept, share: validShare, seed, stream: 'valid' });
  const about = { name, classes, channels, imageSize, counts: { train, valid, test } };
  return { ...about, load: () => loadDataset(source, split, { about, onProgress: options.onProgress }) };
}

async function loadDataset(
  source: Source,
  { rest, held }: { rest: Uint32Array; held: Uint32Array },
  { about, onProgress }: { about: About } & Pick<PlanOptions, 'onProgress'>,
): Promise<Dataset> {
  const everything = Uint32Array.from(source.testLabels.keys());
  const total = rest.length + held.length + everything.length;
  const skipped: string[] = [];
  let before = 0;
  const load = async (set: keyof Counts, indices: Uint32Array): Promise<ImageSet> => {
    const part = set === 'test' ? 'test' : 'train';
    const start = before;
    const loaded = await source.load(part, indices, ({ action, done }) =>
      onProgress?.({ action, done: start + done, total }),
    );
    before += indices.length;
    skipped.push(...loaded.skipped);
    requireAllClasses(loaded, set, about.classes);
    const { images, labels, height, width, channels } = loaded;
    return { images, labels, height, width, channels };
  };
  const train = await load('train', rest);
  const valid = await load('valid', held);
  const test = await load('test', everything);
  const count = (set: ImageSet) => countLabels(set.labels, about.classes.length);
  const { mean, std } = source.normalize ?? channelStatistics(train);
  return {
    ...about,
    counts: { train: count(train), valid: count(valid), test: count(test) },
    train,
    valid,
    test,
    mean: [...mean],
    std: [...std],
    augment: source.augment,
    fingerprint: fingerprint(about.classes, [train, valid, test]),
    skipped,
  };
}

function requireAllClasses({ labels, skipped }: Loaded, set: keyof Counts, classes: readonly string[]): void {
  const lost = countLabels(labels, classes.length).indexOf(0);
  if (lost >= 0) {
    throw new Error(
      `Cannot load data: class "${classes[lost]}" has no image left in the ${set} part (${skipped.length} unreadable files skipped); ` +
        'add readable images or remove the class',
    );
  }
}

/** Mean and standard deviation of each channel, in 0..1 units, from a histogram: exact whatever the number of pixels. */
function channelStatistics({ images, channels }: ImageSet): { mean: number[]; std: number[] } {
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
  return { mean, std: variance.map((value) => Math.sqrt(value) || 1) }; // a channel that never varies must not divide by 0
}

function fingerprint(classes: readonly string[], sets: readonly ImageSet[]): string {
  const hash = createHash('sha256').update(JSON.stringify(classes));
  for (const { images, labels, height, width, channels } of sets) {
    hash.update(JSON.stringify([labels.length, height, width, channels]));
    hash.update(labels).update(images);
  }
  return hash.digest('hex');
}
