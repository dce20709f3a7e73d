import { readFile } from 'node:fs/promises';
import type { ImageSet, Progress } from './source.js';

/** How an image of another shape is brought to the size: scaled to cover the square, then cut in the middle. */
export const FIT = 'cover';

/** Enough to keep every thread of Node's pool at work while finished images are copied. */
const IN_FLIGHT = 16;

/** What images are brought to, all alike. */
export interface ImageShape {
  /** Height and width. */
  readonly imageSize: number;
  readonly channels: 1 | 3;
}

/** Pixels as they lie in memory, [height, width, channels]. */
export interface RawImage extends Pick<ImageSet, 'height' | 'width'> {
  readonly bytes: Uint8Array;
  readonly channels: 1 | 3;
}

/** How one image is read, whoever reads it: for training, for a test or for a prediction. */
export interface ImageDecoder {
  /**
   * The bytes [imageSize, imageSize, channels] of an image, from a file's bytes, its path, or pixels: upright by EXIF,
   * brought to the size by `FIT`, alpha on black. An image that already has the size keeps its exact bytes. Throws on
   * what cannot be read.
   */
  decode(image: Uint8Array | string | RawImage): Promise<Buffer>;
  /** Whether a file is in colour, from its head alone. */
  isColour(file: string): Promise<boolean>;
}

/** Opens the decoder for images of one shape. */
export const imageDecoder = async ({ imageSize, channels }: ImageShape): Promise<ImageDecoder> => {
  const { default: sharp } = await import('sharp'); // loaded here: sets that need no decoder work where sharp does not
  sharp.concurrency(1); // many small images: one thread each beats many threads on one
  sharp.cache(false);
  const opened = (image: Uint8Array | string | RawImage) => {
    if (typeof image === 'string' || image instanceof Uint8Array) return sharp(image, { failOn: 'error' });
    const { bytes, ...raw } = image;
    return sharp(bytes, { raw });
  };
  return {
    decode: (image) => {
      const square = opened(image).autoOrient().resize(imageSize, imageSize, { fit: FIT }).flatten();
      const coloured = channels === 1 ? square.greyscale() : square.toColourspace('srgb');
      return coloured.raw({ depth: 'uchar' }).toBuffer();
    },
    isColour: async (file) => !/^(b-w|grey)/.test((await sharp(file).metadata()).space ?? ''),
  };
};

export interface DecodeOptions extends ImageShape {
  readonly skipCorrupt: boolean;
  readonly onProgress?: Progress | undefined;
}

/**
 * Decodes image files of any format and size to bytes, [n, imageSize, imageSize, channels], in the order of `files`,
 * as `imageDecoder` does. Throws on a file that cannot be read, naming it, unless `skipCorrupt`: then it is left out
 * and listed.
 */
export const decodeImages = async (
  files: readonly string[],
  { imageSize, channels, skipCorrupt, onProgress }: DecodeOptions,
): Promise<{ images: Uint8Array; kept: Uint32Array; skipped: string[] }> => {
  const decoder = await imageDecoder({ imageSize, channels });
  const decode = async (file: string): Promise<Buffer> => {
    const bytes = await readFile(file);
    if (bytes.length === 0) throw new Error('0 bytes');
    return decoder.decode(bytes);
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
