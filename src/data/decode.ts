import type { ImageSet } from './source.js';

/**
 * How an image of another shape is brought to the size: `cover` scales it until it covers the square and cuts out the
 * middle; `contain` scales it until it fits inside and fills with black; `stretch` scales width and height separately.
 */
export const fits = ['cover', 'contain', 'stretch'] as const;
export type Fit = (typeof fits)[number];
export const USUAL_FIT: Fit = 'cover';

/** What images are brought to, all alike. */
export interface ImageShape {
  /** Height and width. */
  readonly imageSize: number;
  readonly channels: 1 | 3;
  /** `cover` unless said. */
  readonly fit?: Fit | undefined;
}

/** Pixels as they lie in memory, [height, width, channels]. */
export interface RawImage extends Pick<ImageSet, 'height' | 'width'> {
  readonly bytes: Uint8Array;
  readonly channels: 1 | 3;
}

/** How one image is read, whoever reads it: for training, for a test or for a prediction. */
export interface ImageDecoder {
  /**
   * The bytes [imageSize, imageSize, channels] of an image, from a file's bytes or pixels: upright by EXIF, the first
   * of several frames, brought to the size by `fit`, alpha on black. An image that already has the size keeps its exact
   * bytes. Throws on what cannot be read, and unless `lenient` on what libvips warns of.
   */
  decode(image: Uint8Array | RawImage, options?: { lenient?: boolean }): Promise<Buffer>;
  /** Decodes all of an image at its own size, and throws on anything that libvips warns of. */
  requireSound(image: Uint8Array): Promise<void>;
  /** What the head of an image says: nothing is decoded. Throws on what has none. */
  head(image: Uint8Array | string): Promise<{ width: number; height: number; colour: boolean }>;
}

/** Sharp's names. */
const RESIZE = { cover: 'cover', contain: 'contain', stretch: 'fill' } as const;

/** Opens the decoder for images of one shape. */
export const imageDecoder = async ({ imageSize, channels, fit = USUAL_FIT }: ImageShape): Promise<ImageDecoder> => {
  const { default: sharp } = await import('sharp'); // loaded here: sets that need no decoder work where sharp does not
  sharp.concurrency(1); // many small images: one thread each beats many threads on one
  sharp.cache(false);
  return {
    decode: (image, { lenient = true } = {}) => {
      const opened =
        image instanceof Uint8Array
          ? sharp(image, { failOn: lenient ? 'error' : 'warning' })
          : sharp(image.bytes, { raw: { width: image.width, height: image.height, channels: image.channels } });
      const square = opened
        .autoOrient()
        .resize(imageSize, imageSize, { fit: RESIZE[fit], background: '#000' })
        .flatten();
      const coloured = channels === 1 ? square.greyscale() : square.toColourspace('srgb');
      return coloured.raw({ depth: 'uchar' }).toBuffer();
    },
    requireSound: async (image) => {
      await sharp(image, { failOn: 'warning' }).raw().toBuffer();
    },
    head: async (image) => {
      const { width, height, space = '' } = await sharp(image).metadata();
      return { width, height, colour: !/^(b-w|grey)/.test(space) };
    },
  };
};
