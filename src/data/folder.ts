import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { decodeImages } from './decode.js';
import { openLabelledFolder } from './labelled-folder.js';
import type { DataFormat, DataSource, SourceOptions } from './source.js';
import { splitClasses } from './split.js';

interface Listing {
  readonly folder: string;
  readonly classes: readonly string[];
  readonly files: readonly string[];
  readonly labels: Uint16Array;
}

/** What is in a folder, hidden names aside, in an order that no machine changes. Links are followed. */
const look = async (path: string): Promise<{ folders: string[]; files: string[] }> => {
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const linked = entry.isSymbolicLink() ? await stat(join(path, entry.name)).catch(() => undefined) : entry;
    (linked?.isDirectory() ? folders : files).push(entry.name);
  }
  return { folders: folders.sort(), files: files.sort() };
};

const imagesIn = async (path: string): Promise<string[]> => {
  const { folders, files } = await look(path);
  if (folders[0] !== undefined)
    throw new Error(
      `Cannot open data: ${join(path, folders[0])} is a folder inside a class folder; ` +
        `put the images directly into ${path}`,
    );
  return files.map((name) => join(path, name));
};

/** The images below `folder`, class by class, by name; every class needs `least` of them. */
const list = async (folder: string, least: number): Promise<Listing> => {
  const { folders: classes } = await look(folder);
  if (classes.length < 2)
    throw new Error(
      `Cannot open data: ${folder} has ${classes.length === 1 ? 'only 1 class folder' : 'no class folders'}, ` +
        'at least 2 are needed; put the images of each class into a folder',
    );
  const files: string[] = [];
  const labels: number[] = [];
  for (const [label, name] of classes.entries()) {
    const found = await imagesIn(join(folder, name));
    if (found.length < least) {
      const count = found.length === 1 ? '1 image' : `${found.length} images`;
      throw new Error(
        `Cannot open data: class "${name}" in ${folder} has ${count}, ` +
          `at least ${least} ${least === 1 ? 'is' : 'are'} needed; add images or remove the folder`,
      );
    }
    for (const file of found) {
      files.push(file);
      labels.push(label);
    }
  }
  return { folder, classes, files, labels: Uint16Array.from(labels) };
};

const requireSameClasses = (train: Listing, test: Listing): void => {
  for (const [one, other] of [
    [train, test],
    [test, train],
  ] as const) {
    const missing = one.classes.find((name) => !other.classes.includes(name));
    if (missing !== undefined)
      throw new Error(
        `Cannot open data: class "${missing}" is in ${one.folder} but not in ${other.folder}; ` +
          'the two need the same classes',
      );
  }
};

const deal = (all: Listing, share: number): { train: Listing; test: Listing } => {
  const counts = all.classes.map((_, c) => all.labels.filter((label) => label === c).length);
  const { rest, held } = splitClasses(all.labels, { counts, share, seed: 0, stream: 'test' });
  const pick = (indices: Uint32Array): Listing => ({
    ...all,
    files: Array.from(indices, (index) => all.files[index] ?? ''),
    labels: Uint16Array.from(indices, (index) => all.labels[index] ?? 0),
  });
  return { train: pick(rest), test: pick(held) };
};

/** Of each class, where a folder has no test images and nothing else is said. */
const USUAL_TEST_SHARE = 0.2;

interface Parts {
  readonly train: Listing;
  readonly test: Listing;
  /** The share of each class that was set aside for the test; absent where the folder has a test part. */
  readonly testShare?: number;
}

const listParts = async (root: string, testShare: number | undefined): Promise<Parts> => {
  const { folders: names } = await look(root);
  // A class may be called "train": only folders inside it make it a part.
  const hasTrain = names.includes('train') && (await look(join(root, 'train'))).folders.length > 0;
  if (hasTrain && names.includes('test')) {
    if (testShare !== undefined)
      throw new Error(
        `Cannot open data: ${root} has a test folder of its own, got test share ${testShare}; leave out --test-share`,
      );
    const train = await list(join(root, 'train'), 2);
    const test = await list(join(root, 'test'), 1);
    requireSameClasses(train, test);
    return { train, test };
  }
  const share = testShare ?? USUAL_TEST_SHARE;
  return { ...deal(await list(hasTrain ? join(root, 'train') : root, 3), share), testShare: share };
};

/**
 * Opens a folder of images, one sub-folder per class: `train/<class>/*` and `test/<class>/*`, or `<class>/*`, of which
 * a `testShare` is set aside, a fifth unless said. Only lists files; images are decoded when they are loaded. Which
 * images are the test part depends on nothing but the folder, so that runs with different seeds are scored on the same
 * images. Throws when a class is empty or too small, there is only one class, or the parts differ in classes.
 */
export const openFolder = async (root: string, options: SourceOptions = {}): Promise<DataSource> => {
  const { imageSize = 32, channels = 3, testShare, skipCorrupt = false } = options;
  if (!Number.isInteger(imageSize) || imageSize < 1)
    throw new Error(`Cannot open data: the image size must be an integer >= 1, got ${imageSize}; 32 is usual`);
  const { train, test, ...dealt } = await listParts(root, testShare);
  const parts = { train, test };
  return {
    ...dealt,
    name: basename(resolve(root)),
    classes: train.classes,
    trainLabels: train.labels,
    testLabels: test.labels,
    imageSize,
    channels,
    augment: `crop(${Math.round(imageSize / 8)}) + flip`,
    load: async (part, indices, onProgress) => {
      const { files, labels } = parts[part];
      const asked = Array.from(indices, (index) => files[index] ?? '');
      const decoded = await decodeImages(asked, { imageSize, channels, skipCorrupt, onProgress });
      const kept = decoded.kept.map((position) => indices[position] ?? 0);
      return {
        ...decoded,
        labels: Uint16Array.from(kept, (i) => labels[i] ?? 0),
        height: imageSize,
        width: imageSize,
        channels,
      };
    },
  };
};

export const folder: DataFormat = {
  what: 'a folder of images',
  recognises: (_, entries) => entries !== undefined,
  open: openFolder,
  openLabelled: openLabelledFolder,
};
