import { inArchive } from './archive-paths.js';
import { isCutShort } from './cut-short.js';
import { type ImageShape, imageDecoder, type RawImage } from './decode.js';
import { allBytes, fileSize, firstBytes } from './file-bytes.js';
import { gate } from './gate.js';
import { gifIsSound } from './gif-stream.js';
import { type ImageSides, imageSides } from './image-head.js';
import { fileKind, type ImageFormat, unreadReason } from './image-kind.js';
import { CUT_SHORT, plainFormats } from './plain-images.js';
import { codeOf, type Failure, FileProblem, reasonOf } from './reasons.js';
import { tiffProblem, tiffTags } from './tiff-pixels.js';

/** An image as it was read. */
export interface ReadImage {
  /** [imageSize, imageSize, channels] */
  readonly pixels: Uint8Array;
  /** What is wrong with a file that was read all the same. */
  readonly warning?: string | undefined;
}

/** Reads image files, whoever reads them: for training, for a test or for a prediction. Never throws for a file. */
export interface ImageReader {
  read(file: string): Promise<ReadImage | Failure>;
  /** Whether a file could be read, going by its head alone. */
  check(file: string): Promise<Failure | undefined>;
  isColour(file: string): Promise<boolean>;
}

/** Bytes of pixels and files that are in memory at once, all images together. */
const IN_FLIGHT_BYTES = 192e6;
const MOST_FILE_BYTES = 2 ** 30;
/** libvips' own limit: 16383 × 16383. */
const MOST_PIXELS = 16_383 ** 2;
/** A large image that takes fewer bytes than one per so many pixels is made to fill memories. */
const [LARGE, PIXELS_PER_BYTE] = [48e6, 50];
/** So many first bytes have the sides of an image in them, behind what cameras write before. */
const HEAD = 2 ** 18;

const DAMAGED = 'it is damaged: its pixels cannot be decoded; copy or download it again';

/** What is wrong with a file, in plain words: the messages of libvips are of its functions. */
const plainly = (error: unknown): string => {
  if (error instanceof FileProblem) return error.message;
  return codeOf(error) === '' ? DAMAGED : reasonOf(error);
};

const PARTLY = 'parts of it are damaged: what could be decoded of it is used';
const END_MISSING = 'its end is missing: the rest of it is used';

/** What is wrong with a path before its bytes are looked at; else how many there are. */
const sizeOf = async (file: string): Promise<number> => {
  const size = await fileSize(file);
  if (size === 0) throw new FileProblem('it is empty (0 bytes)');
  if (size > MOST_FILE_BYTES)
    throw new FileProblem(`it has ${(size / 2 ** 30).toFixed(1)} GiB, at most 1 is read; convert it`);
  return size;
};

/** libvips takes brackets at the end of a path for options, so such a file is read here, like one in an archive. */
const openable = async (file: string): Promise<Uint8Array | string> =>
  file.includes('[') || inArchive(file) !== undefined ? allBytes(file) : file;

/** Throws where an image is too large, or larger than such a file can be. */
const requireSides = ({ width, height }: ImageSides, size: number): void => {
  const pixels = width * height;
  const millions = `${Math.round(pixels / 1e6)} million pixels (${width}×${height})`;
  if (pixels > MOST_PIXELS)
    throw new FileProblem(
      `it has ${millions}, at most ${Math.round(MOST_PIXELS / 1e6)} million are read; scale it down`,
    );
  if (pixels > LARGE && pixels > PIXELS_PER_BYTE * size)
    throw new FileProblem(`it has ${millions} in ${size} bytes, which is no photograph; scale it down if it is one`);
};

/** Opens the reader for images of one shape. */
export const imageReader = async ({
  strict = false,
  ...shape
}: ImageShape & {
  /** Look for damage in all of an image: a large JPEG is read at an eighth of its size, without most of its bytes. */
  readonly strict?: boolean | undefined;
}): Promise<ImageReader> => {
  const decoder = await imageDecoder(shape);
  const pixels = shape.imageSize ** 2 * shape.channels;
  const inFlight = gate(IN_FLIGHT_BYTES);

  /** What an image is and how large, from its first bytes; throws on what is not read. */
  const inspect = async (
    file: string,
    head: Uint8Array,
    size: number,
  ): Promise<{ format: ImageFormat; cost: number }> => {
    const kind = fileKind(head);
    if (!('format' in kind)) throw new FileProblem(`it is no image but ${kind.what}`);
    const { format } = kind;
    const unread = unreadReason(format);
    if (unread !== undefined) throw new FileProblem(unread);
    const tags = format === 'tiff' ? (tiffTags(head) ?? tiffTags(await allBytes(file))) : undefined;
    const problem = tags && tiffProblem(tags);
    if (problem !== undefined) throw new FileProblem(problem);
    const plain = plainFormats[format];
    const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
    const sides = tags ?? plain?.sides(bytes) ?? imageSides(head, format) ?? (await decoder.head(await openable(file)));
    requireSides(sides, size);
    return { format, cost: 4 * sides.width * sides.height + size };
  };

  const decode = async (bytes: Uint8Array, format: ImageFormat): Promise<ReadImage> => {
    const raw: RawImage | undefined = plainFormats[format]?.pixels(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
    if (raw !== undefined) return { pixels: await decoder.decode(raw) };
    const own = format === 'gif' && !gifIsSound(bytes) ? PARTLY : undefined;
    try {
      if (strict && format === 'jpeg') await decoder.requireSound(bytes);
      return { pixels: await decoder.decode(bytes, { lenient: false }), warning: own };
    } catch {
      const cut = isCutShort(bytes, format);
      const pixels = await decoder.decode(bytes).catch((error: unknown) => {
        throw cut ? new FileProblem(CUT_SHORT) : error;
      });
      return { pixels, warning: own ?? (cut ? END_MISSING : PARTLY) };
    }
  };

  const attempt = async <T>(file: string, work: () => Promise<T>): Promise<T | Failure> => {
    try {
      return await work();
    } catch (error) {
      return { file, reason: plainly(error) };
    }
  };

  return {
    read: (file) =>
      attempt(file, async () => {
        const size = await sizeOf(file);
        const small = size <= HEAD;
        const head = small ? await allBytes(file) : await firstBytes(file, HEAD);
        const { format, cost } = await inspect(file, head, size);
        const image = await inFlight.run(cost, async () => decode(small ? head : await allBytes(file), format));
        if (image.pixels.length !== pixels) {
          const has = image.pixels.length / shape.imageSize ** 2;
          throw new FileProblem(`it has ${has} channels, which cannot become ${shape.channels}; convert it to RGB`);
        }
        return image;
      }),
    check: async (file) => {
      const found = await attempt(file, async () => {
        const size = await sizeOf(file);
        const { format } = await inspect(file, await firstBytes(file, Math.min(size, HEAD)), size);
        if (plainFormats[format] === undefined) await decoder.head(await openable(file));
        return undefined;
      });
      return found;
    },
    isColour: async (file) => {
      const colour = await attempt(file, async () => {
        const head = await firstBytes(file, HEAD);
        const kind = fileKind(head);
        if ('format' in kind && kind.format === 'bmp') return true;
        if ('format' in kind && kind.format === 'pnm') return [0x33, 0x36].includes(head[1] ?? 0);
        return (await decoder.head(await openable(file))).colour;
      });
      return colour === true;
    },
  };
};
