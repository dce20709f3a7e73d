import { type Failure, type FoundImages, findImages, fits, type ImageShape, imageBatches } from '../data/index.js';
import type { RunInfo } from '../run/index.js';

const BATCH = 64; // decoded at once

/** Where images are: files, folders, patterns, or what `findImages` made of them. */
export type ImagePaths = string | readonly string[] | FoundImages;

const isFound = (paths: ImagePaths): paths is FoundImages => typeof paths === 'object' && 'files' in paths;

/** The files that paths lead to. */
export const foundAt = async (paths: ImagePaths): Promise<FoundImages> =>
  isFound(paths) ? paths : findImages(typeof paths === 'string' ? [paths] : paths);

/** Something that images are read for: an opened model, or what a run.json says. */
export type ReadsImages = { readonly info: Pick<RunInfo, 'data'> } | Pick<RunInfo, 'data'>;

/** What images a network reads, if image files can be brought to that. Throws where they cannot. */
export const shapeOf = (of: ReadsImages): ImageShape => {
  const { imageSize, channels, fit } = 'info' in of ? of.info.data : of.data;
  const fail = (rule: string, value: unknown): never => {
    throw new Error(`Cannot read images: ${rule}, got ${value}; prepare them yourself, and give the bytes to logits()`);
  };
  if (imageSize === null) return fail('the run must say of which size they are (format 2)', 'none');
  if (channels !== 1 && channels !== 3) return fail('the network must have 1 or 3 channels', channels);
  const known = fits.find((name) => name === fit);
  if (known === undefined) return fail(`images must have been resized by ${fits.join(', ')}`, fit);
  return { imageSize, channels, fit: known };
};

/** Images in memory, as a network reads them. */
export interface LoadedImages {
  /** [n, imageSize, imageSize, channels], for `model.logits`. */
  readonly images: Uint8Array;
  /** [n] */
  readonly files: readonly string[];
  /** What could not be read, and why. */
  readonly failures: readonly Failure[];
}

/**
 * Loads image files as a run's training read them: upright, cut to the square in the middle, at its size and in its
 * channels. `paths` are files, folders and patterns; `as` is a model that `open` opened, or the content of a run.json.
 *
 * @example
 * ```ts
 * const model = open('runs/mine');
 * const { images, files } = await loadImages('photos', { as: model });
 * const logits = model.logits(images); // [files.length, classes]
 * ```
 */
export const loadImages = async (paths: ImagePaths, { as }: { as: ReadsImages }): Promise<LoadedImages> => {
  const shape = shapeOf(as);
  const found = await foundAt(paths);
  const size = shape.imageSize ** 2 * shape.channels;
  const images = new Uint8Array(found.files.length * size);
  const files: string[] = [];
  const failures = [...found.failures];
  for await (const batch of imageBatches(found.files, { ...shape, batchSize: BATCH })) {
    images.set(batch.images, files.length * size);
    files.push(...batch.files);
    failures.push(...batch.failures);
  }
  return { images: images.slice(0, files.length * size), files, failures };
};
