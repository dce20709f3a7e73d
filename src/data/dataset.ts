import { type OptionNames, requireKnown } from '../label/index.js';
import { byReason, type DataAccount, type Skipped } from './account.js';
import { type Fit, USUAL_FIT } from './decode.js';
import { type ChosenSets, loadDataset } from './load-dataset.js';
import { type Imbalance, longTailCounts } from './long-tail.js';
import type { NearPair } from './near-pictures.js';
import { openSource } from './open-source.js';
import { type SamePictures, sameContents } from './same-pictures.js';
import { countLabels, type DataSource, type ImageSet, type SourceOptions } from './source.js';
import { splitClasses } from './split.js';

/** Images of each class. */
export type Counts = Readonly<Record<'train' | 'valid' | 'test', readonly number[]>>;

export interface About {
  readonly name: string;
  readonly classes: readonly string[];
  readonly channels: 1 | 3;
  /** Height and width of every image. */
  readonly imageSize: number;
  /** How an image of another shape is brought to the size. */
  readonly fit: Fit;
  readonly counts: Counts;
  /** Training images of each class before they were thinned out. */
  readonly available: readonly number[];
  /** The share of each class that was set aside for the test; absent where the data have a test part. */
  readonly testShare?: number | undefined;
  /** How they were thinned out. */
  readonly tail: { readonly imbalance: Imbalance; readonly imbalanceRatio: number };
  /** The label of its usual augmentation: `crop(4) + flip`. */
  readonly augment: string;
  /** What else the data hold, and what of it is used. */
  readonly account?: DataAccount | undefined;
  /** What people should know of the data, in words. */
  readonly notes?: readonly string[] | undefined;
}

/** What a run is going to learn from, known before any image is decoded. */
export interface DatasetPlan extends About {
  load(): Promise<Dataset>;
  /** Files that cannot be read, of those that would be loaded, going by their heads alone. */
  check(): Promise<readonly Skipped[]>;
  /** Equal images in different sets or under two classes, in words, going by their bytes alone. */
  same(): Promise<readonly string[]>;
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
  /** SHA-256 over classes, shapes, labels and pixels: equal exactly when two runs saw the same data. */
  readonly fingerprint: string;
  /** Files left out because they could not be read, all of them. */
  readonly skipped: readonly Skipped[];
  readonly account?: (DataAccount & { readonly same: SamePictures }) | undefined;
  /** Nearly equal images in different sets or under two classes, where they were looked for. */
  readonly near?: readonly NearPair[] | undefined;
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
  /** Look for nearly equal images in different sets or under two classes. */
  readonly nearDuplicates?: boolean | undefined;
}

const optionNames: OptionNames<PlanOptions> = {
  ...{ imbalance: true, imbalanceRatio: true, validShare: true, split: true, seed: true, nearDuplicates: true },
  ...{ imageSize: true, channels: true, testShare: true, skipCorrupt: true, strict: true, fit: true, labels: true },
  ...{ cacheDir: true, onProgress: true },
};

/** The ratio of the long-tail literature. */
const USUAL_RATIO = 100;

/**
 * Plans a long-tailed data set: which images of `spec` (see `openSource`, or `arraySource` for
 * images in memory) to train on, to validate on and to test on.
 * The training images are thinned to the long tail and split by class with `seed`, unless the data have images of their
 * own to validate on; these and the test part are never thinned.
 */
export const planDataset = async (spec: string | DataSource, options: PlanOptions = {}): Promise<DatasetPlan> => {
  requireKnown(options, { names: optionNames, action: 'open data' });
  const {
    imbalance: asked,
    imbalanceRatio: ratio,
    validShare = 0.2,
    split = 'train',
    seed = 0,
    nearDuplicates: near,
    ...others
  } = options;
  const source = await openSource(spec, others);
  const usual = ratio === undefined ? (source.imbalance ?? 'natural') : 'exp';
  const [imbalance, imbalanceRatio] = [asked ?? usual, ratio ?? USUAL_RATIO];
  const { name, classes, channels, imageSize, fit = USUAL_FIT, validLabels, testShare } = source;
  const available = countLabels(source.trainLabels, classes.length);
  const kept = longTailCounts(available, { imbalance, imbalanceRatio, classes });
  const dealt = splitClasses(source.trainLabels, { counts: kept, share: validShare, seed, stream: 'valid' });
  const together = Uint32Array.from([...dealt.rest, ...dealt.held]).sort();
  const own = validLabels !== undefined && Uint32Array.from(validLabels.keys());
  // A tail that was made keeps its shape: what cannot be read of it is replaced.
  const spare = imbalance === 'natural' ? undefined : dealt.spare;
  const train = { part: 'train', indices: own || split === 'all' ? together : dealt.rest, spare } as const;
  const valid = own ? ({ part: 'valid', indices: own } as const) : ({ ...train, indices: dealt.held } as const);
  const chosen: ChosenSets = {
    train: own && split === 'all' ? [train, valid] : [train],
    valid: [split === 'all' ? { ...valid, indices: new Uint32Array() } : valid],
    test: [{ part: 'test', indices: Uint32Array.from(source.testLabels.keys()) }],
  };
  const labels = { train: source.trainLabels, valid: validLabels ?? new Uint16Array(), test: source.testLabels };
  const count = (set: keyof Counts): number[] =>
    countLabels(
      Uint16Array.from(chosen[set].flatMap(({ part, indices }) => Array.from(indices, (i) => labels[part][i] ?? 0))),
      classes.length,
    );
  const counts = { train: count('train'), valid: count('valid'), test: count('test') };
  const account = { archive: source.archive, parts: source.parts, leftOut: byReason(source.leftOut ?? []), warned: [] };
  const about = {
    ...{ name, classes, channels, imageSize, fit, counts, available, testShare, account },
    tail: { imbalance, imbalanceRatio },
    augment: source.augment,
    notes: source.notes ?? [],
  };
  const { skipCorrupt = false, onProgress } = options;
  const check = async (): Promise<Skipped[]> => {
    const found: Skipped[] = [];
    for (const { part, indices } of Object.values(chosen).flat()) {
      const failures = (await source.check?.(part, indices)) ?? [];
      const classOf = new Map(
        failures.length === 0
          ? []
          : Array.from(indices, (i) => [source.fileOf?.(part, i), classes[labels[part][i] ?? 0]] as const),
      );
      found.push(...failures.map((failure) => ({ ...failure, part, class: classOf.get(failure.file) ?? '' })));
    }
    return found;
  };
  const same = async (): Promise<string[]> => {
    const setOf = async (set: keyof Counts) => {
      const found = [];
      for (const { part, indices } of chosen[set])
        for (const [i, content] of ((await source.contents?.(part, indices)) ?? []).entries()) {
          const index = indices[i] ?? 0;
          const name = source.fileOf?.(part, index) ?? `${set} image ${index}`;
          found.push({ name, label: labels[part][index] ?? 0, content });
        }
      return found;
    };
    const [train, valid, test] = [await setOf('train'), await setOf('valid'), await setOf('test')];
    return sameContents({ train, valid, test });
  };
  return { ...about, check, same, load: () => loadDataset(source, chosen, { about, skipCorrupt, near, onProgress }) };
};
