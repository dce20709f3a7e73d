import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { type ImageDecoder, type ImageShape, imageDecoder } from './decode.js';
import { type Failure, reasonOf } from './find-images.js';

/** Batches that are decoded while the one before them is computed. */
const AHEAD = 2;
/** Formats by the names of their files that people have and sharp's own libvips has no reader for. */
const UNREAD = ['.bmp', '.heic', '.heif', '.ico', '.jp2', '.jxl', '.pbm', '.pgm', '.pnm', '.ppm'];

/** Some images of a list, decoded. */
export interface DecodedImages {
  /** Those that could be read. */
  readonly files: readonly string[];
  /** Theirs, [n, imageSize, imageSize, channels]. */
  readonly images: Uint8Array;
  readonly failures: readonly Failure[];
  /** Images without any colour, read in three channels. */
  readonly grey: number;
  /** Whether an image in colour was read in one channel. */
  readonly colour: boolean;
}

/** Why a file cannot be decoded, in words. */
const problemOf = async (file: string, error: unknown): Promise<string> => {
  const found = await stat(file).catch((problem: unknown) => reasonOf(problem));
  if (typeof found === 'string') return found;
  if (found.isDirectory()) return 'it is a folder, not an image';
  if (found.size === 0) return 'it is empty (0 bytes)';
  const extension = extname(file).toLowerCase();
  if (UNREAD.includes(extension)) return `${extension.slice(1)} files cannot be read; convert it to PNG or JPEG`;
  const message = reasonOf(error).replace(/^Input (?:file|buffer) contains (.*)$/s, '$1');
  return `it is not a readable image (${message.replaceAll(/\s*\n\s*/g, '; ')})`;
};

/** Whether all pixels of three channels are grey. */
const isGrey = (pixels: Uint8Array): boolean => {
  for (let i = 0; i < pixels.length; i += 3)
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return false;
  return true;
};

/** Decodes image files together; those that cannot be are listed with the reason. */
const decodeBatch = async (
  files: readonly string[],
  { decoder, shape, lookForColour }: { decoder: ImageDecoder; shape: ImageShape; lookForColour: boolean },
): Promise<DecodedImages> => {
  const size = shape.imageSize ** 2 * shape.channels;
  // Paths, not bytes: at most as many files are in memory as threads decode. What stands in brackets at the end of a
  // path would be taken for options of libvips, so such a file is read here.
  const read = async (file: string): Promise<Uint8Array | Failure> => {
    try {
      const pixels = await decoder.decode(file.includes('[') ? await readFile(file) : file);
      if (pixels.length === size) return pixels;
      const reason = `it has ${pixels.length / shape.imageSize ** 2} channels, which cannot become ${shape.channels}`;
      return { file, reason };
    } catch (error) {
      return { file, reason: await problemOf(file, error) };
    }
  };
  const found = await Promise.all(files.map(read));
  const kept = files.filter((_, i) => found[i] instanceof Uint8Array);
  const images = new Uint8Array(kept.length * size);
  const failures: Failure[] = [];
  let place = 0;
  let grey = 0;
  for (const pixels of found) {
    if (!(pixels instanceof Uint8Array)) {
      failures.push(pixels);
      continue;
    }
    images.set(pixels, place);
    place += size;
    if (shape.channels === 3 && isGrey(pixels)) grey++;
  }
  const inColour = lookForColour
    ? await Promise.all(kept.map((file) => decoder.isColour(file).catch(() => false)))
    : [];
  return { files: kept, images, failures, grey, colour: inColour.includes(true) };
};

/**
 * Decodes image files, batch by batch, as training reads them: the next are decoded while the caller is at work with
 * one. Holds the pixels of a few batches, however many files there are.
 */
export async function* imageBatches(
  files: readonly string[],
  { batchSize, ...shape }: ImageShape & { readonly batchSize: number },
): AsyncGenerator<DecodedImages> {
  const decoder = await imageDecoder(shape);
  const started: Promise<DecodedImages>[] = [];
  let lookForColour = shape.channels === 1; // until one was found: that is said once
  let next = 0;
  while (started.length > 0 || next < files.length) {
    for (; started.length <= AHEAD && next < files.length; next += batchSize)
      started.push(decodeBatch(files.slice(next, next + batchSize), { decoder, shape, lookForColour }));
    const batch = await started.shift();
    if (batch === undefined) break;
    if (batch.colour) lookForColour = false;
    yield batch;
  }
}
