import { join } from 'node:path';
import { printable } from '../label/index.js';
import type { ImageShape } from './decode.js';
import { imagesBelow } from './find-images.js';
import { imageBatches } from './image-batches.js';
import { findLayout } from './layout.js';
import type { Failure } from './reasons.js';
import type { LabelledImages } from './source.js';

const BATCH = 64; // decoded at once
/** Parts to test on, best first. */
const BEST = ['test', 'valid', 'train'] as const;

/**
 * Opens all images of the class folders of a folder, to test on: of its part `test`, else `val`, else `train`; where it
 * has no parts, its own. Classes may be empty, or fewer than 2.
 */
export const openLabelledFolder = async (root: string, shape: ImageShape): Promise<LabelledImages> => {
  const { root: whole, parts } = await findLayout(root);
  const { path: from, folders: classes } = BEST.flatMap((part) => parts[part] ?? [])[0] ?? whole;
  const listings = await Promise.all(classes.map((name) => imagesBelow(join(from, name))));
  if (listings.every(({ files }) => files.length === 0))
    throw new Error(
      `Cannot open data: ${printable(from)} has no class folders with images; put the images of each class into a ` +
        'folder that has its name',
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
