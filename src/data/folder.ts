import { basename, relative, resolve } from 'node:path';
import { printable } from '../label/index.js';
import { asTrained, type ClassFolders, listClasses } from './class-folders.js';
import type { Failure } from './entries.js';
import { openLabelledFolder } from './labelled-folder.js';
import { findLayout, NO_CLASS, requireTraining } from './layout.js';
import { checkImages, readImages } from './read-images.js';
import { countLabels, type DataFormat, type DataSource, type Part, type SourceOptions } from './source.js';
import { splitClasses } from './split.js';

const deal = (all: ClassFolders, share: number): { train: ClassFolders; test: ClassFolders } => {
  const counts = countLabels(all.labels, all.classes.length);
  const { rest, held } = splitClasses(all.labels, { counts, share, seed: 0, stream: 'test' });
  const pick = (indices: Uint32Array): ClassFolders => ({
    ...all,
    files: Array.from(indices, (index) => all.files[index] ?? ''),
    labels: Uint16Array.from(indices, (index) => all.labels[index] ?? 0),
  });
  return { train: pick(rest), test: pick(held) };
};

/** Of each class, where a folder has no test images and nothing else is said. */
const USUAL_TEST_SHARE = 0.2;

interface Parts {
  readonly files: Readonly<{ train: ClassFolders; test: ClassFolders; valid?: ClassFolders }>;
  /** The share of each class that was set aside for the test; absent where the folder has a test part. */
  readonly testShare?: number;
  readonly about: Pick<DataSource, 'parts' | 'leftOut' | 'notes'>;
}

const listParts = async (root: string, testShare: number | undefined): Promise<Parts> => {
  const layout = await findLayout(root);
  requireTraining(layout);
  const { parts } = layout;
  const own = parts.train ?? layout.root;
  if (parts.test !== undefined && testShare !== undefined)
    throw new Error(
      `Cannot open data: ${printable(root)} has a test folder of its own, got test share ${testShare}; ` +
        'leave out --test-share',
    );
  const all = await listClasses(own, parts.test === undefined ? 3 : 2);
  const [valid, test] = [
    parts.valid && asTrained(await listClasses(parts.valid, 1), all),
    parts.test && asTrained(await listClasses(parts.test, 1), all),
  ];
  const listed = [all, valid, test].flatMap((part) => part ?? []);
  const surveys = [own, parts.valid, parts.test].flatMap((part) => part ?? []);
  const beside: Failure[] = surveys.flatMap(({ path, leftOut, images }) => [
    ...(path === layout.root.path ? [] : leftOut),
    ...images.map((name) => ({ file: `${path}/${name}`, reason: NO_CLASS })),
  ]);
  const nameOf = (path: string | undefined): string | undefined => path && (relative(root, path) || '.');
  const named: [Part, string | undefined][] = [
    ['train', nameOf(own.path)],
    ['valid', nameOf(parts.valid?.path)],
    ['test', nameOf(parts.test?.path)],
  ];
  const about = {
    parts: Object.fromEntries(named.filter(([, name]) => name !== undefined)),
    leftOut: [...layout.leftOut, ...beside, ...listed.flatMap(({ leftOut }) => leftOut)],
    notes: listed.flatMap(({ notes }) => notes),
  };
  const withValid = valid === undefined ? {} : { valid };
  if (test !== undefined) return { files: { train: all, test, ...withValid }, about };
  const share = testShare ?? USUAL_TEST_SHARE;
  return { files: { ...deal(all, share), ...withValid }, testShare: share, about };
};

/**
 * Opens a folder of images, one sub-folder per class: `train/<class>/*`, `test/<class>/*` and perhaps `val/<class>/*`,
 * or `<class>/*`. Of a folder without a test part a `testShare` is set aside, a fifth unless said. Only lists files;
 * images are decoded when they are loaded. Which images are the test part depends on nothing but the folder, so that
 * runs with different seeds are scored on the same images. Throws when a class is empty or too small, there is only one
 * class, parts differ in classes, or images have no class folders.
 */
export const openFolder = async (root: string, options: SourceOptions = {}): Promise<DataSource> => {
  const { imageSize = 32, channels = 3, testShare, strict, fit } = options;
  if (!Number.isInteger(imageSize) || imageSize < 1)
    throw new Error(`Cannot open data: the image size must be an integer >= 1, got ${imageSize}; 32 is usual`);
  const { files, about, ...dealt } = await listParts(root, testShare);
  return filesSource(
    { ...files, ...about, ...dealt, name: basename(resolve(root)) },
    { imageSize, channels, strict, fit },
  );
};

/** Makes a source of image files whose labels are known. */
export const filesSource = (
  {
    train,
    valid,
    test,
    ...about
  }: Pick<DataSource, 'name' | 'parts' | 'leftOut' | 'notes' | 'testShare'> & Parts['files'],
  { imageSize, channels, strict, fit }: { imageSize: number; channels: 1 | 3 } & Pick<SourceOptions, 'strict' | 'fit'>,
): DataSource => {
  const shape = { imageSize, channels, fit };
  const of = (part: Part): ClassFolders => (part === 'train' ? train : part === 'test' ? test : (valid ?? test));
  const filesOf = (part: Part, indices: Uint32Array): string[] =>
    Array.from(indices, (index) => of(part).files[index] ?? '');
  return {
    ...about,
    classes: train.classes,
    trainLabels: train.labels,
    testLabels: test.labels,
    ...(valid === undefined ? {} : { validLabels: valid.labels }),
    imageSize,
    channels,
    fit,
    augment: `crop(${Math.round(imageSize / 8)}) + flip`,
    fileOf: (part, index) => of(part).files[index] ?? '',
    check: (part, indices) => checkImages(filesOf(part, indices), shape),
    load: async (part, indices, onProgress) => {
      const { labels } = of(part);
      const read = await readImages(filesOf(part, indices), { ...shape, strict, onProgress });
      const kept = read.kept.map((position) => indices[position] ?? 0);
      return {
        ...read,
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
