import type { ImageShape } from './decode.js';
import { type ImageReader, imageReader } from './image-reader.js';
import type { Failure } from './reasons.js';

/** Batches that are decoded while the one before them is computed. */
const AHEAD = 2;

/** Some images of a list, decoded. */
export interface DecodedImages {
  /** Those that could be read. */
  readonly files: readonly string[];
  /** Theirs, [n, imageSize, imageSize, channels]. */
  readonly images: Uint8Array;
  readonly failures: readonly Failure[];
  /** Files that were read although something is wrong with them. */
  readonly warned: readonly Failure[];
  /** Images without any colour, read in three channels. */
  readonly grey: number;
  /** Whether an image in colour was read in one channel. */
  readonly colour: boolean;
}

/** Whether all pixels of three channels are grey. */
const isGrey = (pixels: Uint8Array): boolean => {
  for (let i = 0; i < pixels.length; i += 3)
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return false;
  return true;
};

/** Decodes image files together; those that cannot be are listed with the reason. */
const decodeBatch = async (
  files: readonly string[],
  { reader, shape, lookForColour }: { reader: ImageReader; shape: ImageShape; lookForColour: boolean },
): Promise<DecodedImages> => {
  const size = shape.imageSize ** 2 * shape.channels;
  const found = await Promise.all(files.map(reader.read));
  const kept = files.filter((_, i) => 'pixels' in (found[i] ?? {}));
  const images = new Uint8Array(kept.length * size);
  const failures: Failure[] = [];
  let place = 0;
  let grey = 0;
  const warned: Failure[] = [];
  for (const [i, image] of found.entries()) {
    if ('reason' in image) {
      failures.push(image);
      continue;
    }
    const { pixels, warning } = image;
    if (warning !== undefined) warned.push({ file: files[i] ?? '', reason: warning });
    images.set(pixels, place);
    place += size;
    if (shape.channels === 3 && isGrey(pixels)) grey++;
  }
  const inColour = lookForColour ? await Promise.all(kept.map(reader.isColour)) : [];
  return { files: kept, images, failures, warned, grey, colour: inColour.includes(true) };
};

/**
 * Decodes image files, batch by batch, as training reads them: the next are decoded while the caller is at work with
 * one. Holds the pixels of a few batches, however many files there are.
 */
export async function* imageBatches(
  files: readonly string[],
  { batchSize, ...shape }: ImageShape & { readonly batchSize: number },
): AsyncGenerator<DecodedImages> {
  const reader = await imageReader(shape);
  const started: Promise<DecodedImages>[] = [];
  let lookForColour = shape.channels === 1; // until one was found: that is said once
  let next = 0;
  while (started.length > 0 || next < files.length) {
    for (; started.length <= AHEAD && next < files.length; next += batchSize)
      started.push(decodeBatch(files.slice(next, next + batchSize), { reader, shape, lookForColour }));
    const batch = await started.shift();
    if (batch === undefined) break;
    if (batch.colour) lookForColour = false;
    yield batch;
  }
}
