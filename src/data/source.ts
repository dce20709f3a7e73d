import type { Fit, ImageShape } from './decode.js';
import type { Imbalance } from './long-tail.js';
import type { Failure } from './reasons.js';
import { requireImages } from './require-images.js';
import { type Content, pixelContents } from './same-pictures.js';

/** Images in memory, ready to be cut into batches. */
export interface ImageSet {
  /** Pixels from 0 to 255, row by row, the channels of a pixel side by side: [n, height, width, channels]. */
  readonly images: Uint8Array;
  /** Indices of classes: [n]. */
  readonly labels: Uint16Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Reports progress; `total` is undefined where a server does not say. */
export type Progress = (event: { action: 'download' | 'load'; done: number; total: number | undefined }) => void;

/** `valid` is there where the data have images of their own to validate on. */
export type Part = 'train' | 'valid' | 'test';

export interface Loaded extends ImageSet {
  /** Files that could not be read. */
  readonly skipped: readonly Failure[];
  /** Files that were read although something is wrong with them. */
  readonly warned?: readonly Failure[] | undefined;
  /** Positions in the requested indices of the images that are here: [n]. */
  readonly kept: Uint32Array;
}

/** A data set on disk: all labels are known, and only chosen images are decoded. */
export interface DataSource {
  readonly name: string;
  readonly classes: readonly string[];
  /** [n], each an index into `classes`. */
  readonly trainLabels: Uint16Array;
  /** [n], each an index into `classes`. */
  readonly testLabels: Uint16Array;
  /** [n], of images that are there to validate on; where there are none, a share of the training images is. */
  readonly validLabels?: Uint16Array | undefined;
  /** Height and width of every image. */
  readonly imageSize: number;
  readonly channels: 1 | 3;
  /** The label of its usual augmentation: `crop(4) + flip`. */
  readonly augment: string;
  /** How its training images are thinned out unless said: `natural`, as they are, where it does not say. */
  readonly imbalance?: Imbalance | undefined;
  /** The share of each class that was set aside for the test; absent where there is a test part. */
  readonly testShare?: number | undefined;
  /** How images of another shape are brought to the size; `cover` unless said. */
  readonly fit?: Fit | undefined;
  /** The folders of its parts, by what they are for, as they are called there. */
  readonly parts?: Readonly<Partial<Record<Part, string>>> | undefined;
  /** What its images are read from, where that is no folder: `zip`. */
  readonly archive?: string | undefined;
  /** Entries next to the images that are not used, with the reason. */
  readonly leftOut?: readonly Failure[] | undefined;
  /** What people should know of it before anything is learnt from it. */
  readonly notes?: readonly string[] | undefined;
  /** The file of an image, to name it by. */
  fileOf?(part: Part, index: number): string;
  /** Those of some images whose files cannot be read, going by their heads alone. */
  check?(part: Part, indices: Uint32Array): Promise<readonly Failure[]>;
  /** What equal images are found by before they are decoded; undefined of an image that is compared with none. */
  contents?(part: Part, indices: Uint32Array): Promise<readonly (Content | undefined)[]>;
  /** Per channel, of pixels in 0…1; measured on the training images when left out. */
  readonly normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  load(part: Part, indices: Uint32Array, onProgress?: Progress): Promise<Loaded>;
}

export interface SourceOptions {
  readonly imageSize?: number | undefined;
  readonly channels?: 1 | 3 | undefined;
  /** Share of each class to test on, for folders that have no test part of their own. */
  readonly testShare?: number | undefined;
  readonly skipCorrupt?: boolean | undefined;
  /** Refuse files that can be read although something is wrong with them. */
  readonly strict?: boolean | undefined;
  readonly fit?: Fit | undefined;
  /** A table of image names and labels, for a folder whose images are in no class folders. */
  readonly labels?: string | undefined;
  readonly cacheDir?: string | undefined;
  readonly onProgress?: Progress | undefined;
}

/** A kind of data: how it is recognised and opened. `addDataFormat` makes one known. */
export interface DataFormat {
  /** For errors: `an IDX folder (MNIST)`. */
  readonly what: string;
  /** Data sets of this kind that are opened by name, without a path. */
  readonly named?: Readonly<Record<string, (options: SourceOptions) => Promise<DataSource>>>;
  /** Image size, channels and test part cannot be chosen: options that say otherwise are refused. */
  readonly fixed?: boolean;
  /** Whether a path leads to data of this kind. `entries` are the names in the folder, undefined for a file. */
  recognises(path: string, entries: readonly string[] | undefined): boolean;
  /** Whether an archive that holds these files, by their paths in it, is of this kind; none is unless said. */
  inArchive?(files: readonly string[]): boolean;
  open(path: string, options: SourceOptions): Promise<DataSource>;
  /** Opens all labelled images of a path, to be tested on; without it the test part of `open` is taken. */
  openLabelled?(path: string, shape: ImageShape): Promise<LabelledImages>;
}

/** Images to test on, by the names of their classes; they need not be those of a training. */
export interface LabelledImages {
  /** What of the data they are, for people: `birds/test`. */
  readonly from: string;
  readonly classes: readonly string[];
  /** Of each class. */
  readonly counts: readonly number[];
  /** Other files whose names are not those of images. */
  readonly leftOut: readonly string[];
  /** The images of some classes, given by index, with labels that are indices into `classes`. */
  load(classes: readonly number[], onProgress?: Progress): Promise<{ set: ImageSet; failures: readonly Failure[] }>;
}

const gather = (set: ImageSet, indices: Uint32Array): Loaded => {
  const size = set.height * set.width * set.channels;
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint16Array(indices.length);
  for (const [position, index] of indices.entries()) {
    images.set(set.images.subarray(index * size, (index + 1) * size), position * size);
    labels[position] = set.labels[index] ?? 0;
  }
  return { ...set, images, labels, skipped: [], kept: Uint32Array.from(indices.keys()) };
};

/**
 * Makes a source of images that are in memory, for `planDataset`. `augment` is their usual augmentation, none unless
 * said. Throws a RangeError on images and labels that do not belong together, or in another layout.
 */
export const arraySource = (
  { train, valid, test }: Readonly<Record<'train' | 'test', ImageSet> & { valid?: ImageSet }>,
  {
    augment = 'none',
    ...about
  }: Pick<DataSource, 'name' | 'classes' | 'normalize' | 'imbalance'> & Partial<Pick<DataSource, 'augment'>>,
): DataSource => {
  const classes = about.classes.length;
  requireImages(train, { part: 'train', first: train, classes });
  requireImages(test, { part: 'test', first: train, classes });
  if (valid !== undefined) requireImages(valid, { part: 'valid', first: train, classes });
  const sets = { train, valid: valid ?? test, test };
  return {
    ...about,
    augment,
    imageSize: train.height,
    channels: train.channels === 1 ? 1 : 3,
    trainLabels: train.labels,
    testLabels: test.labels,
    ...(valid === undefined ? {} : { validLabels: valid.labels }),
    contents: async (part, indices) => pixelContents(sets[part], indices),
    load: async (part, indices) => gather(sets[part], indices),
  };
};

/** How many images each class has. */
export const countLabels = (labels: Uint16Array, classes: number): number[] => {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
};
