import { basename, relative, resolve } from 'node:path';
import { printable } from '../label/index.js';
import { asTrained, deal, listClasses, USUAL_TEST_SHARE } from './class-folders.js';
import { filesSource, type LabelledFiles } from './files-source.js';
import { openTable } from './label-table.js';
import { openLabelledFolder } from './labelled-folder.js';
import { findLayout, NO_CLASS, requireTraining } from './layout.js';
import type { Failure } from './reasons.js';
import type { DataFormat, DataSource, Part, SourceOptions } from './source.js';

interface Parts {
  readonly files: LabelledFiles;
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
  const { imageSize = 32, channels = 3, testShare, strict, fit, labels } = options;
  if (!Number.isInteger(imageSize) || imageSize < 1)
    throw new Error(`Cannot open data: the image size must be an integer >= 1, got ${imageSize}; 32 is usual`);
  if (labels !== undefined) return openTable(root, labels, options);
  const { files, about, ...dealt } = await listParts(root, testShare);
  return filesSource(
    { ...files, ...about, ...dealt, name: basename(resolve(root)) },
    { imageSize, channels, strict, fit },
  );
};

export const folder: DataFormat = {
  what: 'a folder of images, or a zip or tar file of one',
  recognises: (_, entries) => entries !== undefined,
  inArchive: () => true,
  open: openFolder,
  openLabelled: openLabelledFolder,
};
