import { type ImageShape, USUAL_FIT } from './decode.js';
import { type Decoded, decodedOnce } from './decoded-cache.js';
import { type ImageReader, imageReader } from './image-reader.js';
import type { Failure } from './reasons.js';
import type { Progress } from './source.js';

/** Enough to keep every thread of Node's pool at work while finished images are copied. */
const IN_FLIGHT = 16;

export interface ReadOptions extends ImageShape {
  /** Whether a file that can be read although something is wrong with it is refused as one that cannot. */
  readonly strict?: boolean | undefined;
  readonly onProgress?: Progress | undefined;
}

/** Does something with every file, several at once. */
const overFiles = async (
  files: readonly string[],
  work: (file: string, index: number) => Promise<void>,
): Promise<void> => {
  let started = 0;
  const worker = async (): Promise<void> => {
    while (started < files.length) {
      const index = started++;
      await work(files[index] ?? '', index);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
};

/** The files of a list that something is wrong with, in its order. */
const inOrder = (found: ReadonlyMap<number, Failure>): Failure[] =>
  [...found].sort(([a], [b]) => a - b).map(([, failure]) => failure);

const decodeAll = async (
  files: readonly string[],
  { strict = false, onProgress, ...shape }: ReadOptions,
): Promise<Decoded> => {
  const reader = await imageReader({ ...shape, strict });
  const size = shape.imageSize ** 2 * shape.channels;
  const images = new Uint8Array(files.length * size);
  const corrupt = new Map<number, Failure>();
  const warned = new Map<number, Failure>();
  let done = 0;
  await overFiles(files, async (file, index) => {
    const image = await reader.read(file);
    if ('reason' in image) corrupt.set(index, image);
    else if (image.warning !== undefined && strict) corrupt.set(index, { file, reason: image.warning });
    else {
      images.set(image.pixels, index * size);
      if (image.warning !== undefined) warned.set(index, { file, reason: image.warning });
    }
    onProgress?.({ action: 'load', done: ++done, total: files.length });
  });
  const kept = Uint32Array.from(files.keys()).filter((index) => !corrupt.has(index));
  const lists = { kept, skipped: inOrder(corrupt), warned: inOrder(warned) };
  if (corrupt.size === 0) return { images, ...lists };
  for (const [position, index] of kept.entries()) images.copyWithin(position * size, index * size, (index + 1) * size);
  return { images: images.subarray(0, kept.length * size), ...lists };
};

/**
 * Decodes image files of any format and size to bytes, [n, imageSize, imageSize, channels], in the order of `files`.
 * Files that cannot be read are left out and listed, all of them; `kept` are the places of the others. What took long
 * is kept for the next time (`decodedOnce`).
 */
export const readImages = (files: readonly string[], options: ReadOptions): Promise<Decoded> => {
  const { imageSize, channels, fit, strict = false } = options;
  const how = { imageSize, channels, fit: fit ?? USUAL_FIT, strict };
  return decodedOnce(files, { how, decode: () => decodeAll(files, options) });
};

/** Those of some image files that cannot be read, going by their heads alone: nothing is decoded. */
export const checkImages = async (files: readonly string[], shape: ImageShape): Promise<Failure[]> => {
  const reader: ImageReader = await imageReader(shape);
  const found = new Map<number, Failure>();
  await overFiles(files, async (file, index) => {
    const failure = await reader.check(file);
    if (failure !== undefined) found.set(index, failure);
  });
  return inOrder(found);
};
