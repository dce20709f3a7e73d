import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageShape } from './decode.js';
import { type Failure, imagesBelow, isPlainName } from './find-images.js';
import { imageBatches } from './image-batches.js';
import type { LabelledImages } from './source.js';

const BATCH = 64; // decoded at once
/** Parts to test on, best first; the others are for training. */
const PARTS = ['test', 'val', 'valid', 'validation', 'train'];

/** The folders in a folder, by name. */
const foldersIn = async (folder: string): Promise<string[]> => {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => isPlainName(name));
  const isFolder = async (name: string) => (await stat(join(folder, name)).catch(() => undefined))?.isDirectory();
  const found = await Promise.all(
    entries.map(async (entry) => (entry.isSymbolicLink() ? await isFolder(entry.name) : entry.isDirectory())),
  );
  return entries.flatMap(({ name }, i) => (found[i] ? [name] : [])).sort();
};

/** Where the class folders are: in the part to test on, if there are parts, else in the folder itself. */
const classesAt = async (root: string): Promise<string> => {
  const names = await foldersIn(root);
  for (const part of PARTS) {
    const name = names.find((candidate) => candidate.toLowerCase() === part);
    // A class may be called "test": only folders inside it make it a part.
    if (name !== undefined && (await foldersIn(join(root, name))).length > 0) return join(root, name);
  }
  return root;
};

/**
 * Opens all images of the class folders of a folder, to test on: of its part `test`, else `val`, else `train`; where it
 * has no parts, its own. Classes may be empty, or fewer than 2.
 */
export const openLabelledFolder = async (root: string, shape: ImageShape): Promise<LabelledImages> => {
  const from = await classesAt(root);
  const classes = await foldersIn(from);
  const listings = await Promise.all(classes.map((name) => imagesBelow(join(from, name))));
  if (listings.every(({ files }) => files.length === 0))
    throw new Error(
      `Cannot open data: ${from} has no class folders with images; put the images of each class into a folder that ` +
        'has its name',
    );
  return {
    from,
    classes,
    counts: listings.map(({ files }) => files.length),
    leftOut: listings.flatMap(({ leftOut }) => leftOut),
    load: async (wanted, onProgress) => {
      const asked = wanted.flatMap((label) => (listings[label]?.files ?? []).map((file) => ({ file, label })));
      const labelOf = new Map(asked.map(({ file, label }) => [file, label]));
      const size = shape.imageSize ** 2 * shape.channels;
      const images = new Uint8Array(asked.length * size);
      const labels: number[] = [];
      const failures: Failure[] = [];
      const files = asked.map(({ file }) => file);
      for await (const batch of imageBatches(files, { ...shape, batchSize: BATCH })) {
        images.set(batch.images, labels.length * size);
        labels.push(...batch.files.map((file) => labelOf.get(file) ?? 0));
        failures.push(...batch.failures);
        onProgress?.({ action: 'load', done: labels.length + failures.length, total: asked.length });
      }
      const { imageSize, channels } = shape;
      const kept = images.subarray(0, labels.length * size);
      const set = { images: kept, labels: Uint16Array.from(labels), height: imageSize, width: imageSize, channels };
      return { set, failures };
    },
  };
};
