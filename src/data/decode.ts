import { readFile } from 'node:fs/promises';
import type { Progress } from './source.js';

/** How an image of another shape is brought to the size: scaled to cover the square, then cut in the middle. */
export const FIT = 'cover';

/** Enough to keep every thread of Node's pool at work while finished images are copied. */
const IN_FLIGHT = 16;

export interface DecodeOptions {
  readonly imageSize: number;
  readonly channels: 1 | 3;
  readonly skipCorrupt: boolean;
  readonly onProgress?: Progress | undefined;
}

/**
 * Decodes image files of any format and size to bytes, [n, imageSize, imageSize, channels], in the order of `files`:
 * upright by EXIF, brought to the size by `FIT`, alpha on black. An image that already has the size keeps its exact
 * bytes. Throws on a file that cannot be read, naming it, unless `skipCorrupt`: then it is left out and listed.
 */
export const decodeImages = async (
  files: readonly string[],
  { imageSize, channels, skipCorrupt, onProgress }: DecodeOptions,
): Promise<{ images: Uint8Array; kept: Uint32Array; skipped: string[] }> => {
  const { default: sharp } = await import('sharp'); // loaded here: sets that need no decoder work where sharp does not
  sharp.concurrency(1); // many small images: one thread each beats many threads on one
  sharp.cache(false);

  const decode = async (file: string): Promise<Buffer> => {
    const bytes = await readFile(file);
    if (bytes.length === 0) throw new Error('0 bytes');
    const upright = sharp(bytes, { failOn: 'error' }).autoOrient();
    const square = upright.resize(imageSize, imageSize, { fit: FIT }).flatten();
    const coloured = channels === 1 ? square.greyscale() : square.toColourspace('srgb');
    return coloured.raw({ depth: 'uchar' }).toBuffer();
  };

  const size = imageSize * imageSize * channels;
  const images = new Uint8Array(files.length * size);
  const corrupt = new Set<number>();
  let started = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (started < files.length) {
      const index = started++;
      const file = files[index] ?? '';
      try {
        images.set(await decode(file), index * size);
      } catch (cause) {
        if (!skipCorrupt) {
          started = files.length; // the other workers stop too
          const reason = cause instanceof Error ? cause.message : `${cause}`;
          throw new Error(
            `Cannot load data: ${file} is not a readable image (${reason}); ` +
              'mend or remove it, or skip such files with --skip-corrupt',
            { cause },
          );
        }
        corrupt.add(index);
      }
      done++;
      onProgress?.({ action: 'load', done, total: files.length });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));

  const kept = Uint32Array.from(files.keys()).filter((index) => !corrupt.has(index));
  if (corrupt.size === 0) return { images, kept, skipped: [] };
  for (const [position, index] of kept.entries()) images.copyWithin(position * size, index * size, (index + 1) * size);
  return { images: images.slice(0, kept.length * size), kept, skipped: files.filter((_, index) => corrupt.has(index)) };
};
