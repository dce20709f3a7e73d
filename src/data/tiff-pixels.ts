import type { ImageSides } from './image-head.js';

/** What a TIFF file says of its first image. */
export interface TiffTags extends ImageSides {
  readonly bits: number;
  /** 1 unsigned, 2 signed, 3 floating point; 4 undefined. */
  readonly sampleFormat: number;
  readonly samples: number;
  /** 6 is YCbCr, 8 to 10 are Lab. */
  readonly photometric: number;
  /** 7 and 6 are JPEG. */
  readonly compression: number;
}

const WANTED = { width: 256, height: 257, bits: 258, compression: 259, photometric: 262, samples: 277, format: 339 };
const SIZE_OF: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 };

/** The tags of a TIFF (or BigTIFF) file's first image that say how its pixels are to be read. */
export const tiffTags = (bytes: Uint8Array): TiffTags | undefined => {
  const b = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = b[0] === 0x49;
  const number = (at: number, size: number): number => {
    if (at < 0 || at + size > b.length) throw new RangeError('outside the file');
    if (size === 8) return Number(little ? b.readBigUInt64LE(at) : b.readBigUInt64BE(at));
    return little ? b.readUIntLE(at, size) : b.readUIntBE(at, size);
  };
  try {
    const big = number(2, 2) === 43;
    const [countSize, entrySize, offsetSize] = big ? [8, 20, 8] : [2, 12, 4];
    const from = number(big ? 8 : 4, offsetSize);
    const entries = number(from, countSize);
    const found = new Map<number, number>();
    for (let i = 0; i < Math.min(entries, 512); i++) {
      const at = from + countSize + i * entrySize;
      const [tag, type] = [number(at, 2), number(at + 2, 2)];
      const count = number(at + 4, offsetSize);
      const size = SIZE_OF[type];
      if (size === undefined || count === 0) continue;
      const inPlace = size * count <= offsetSize;
      const values = at + 4 + offsetSize;
      found.set(tag, number(inPlace ? values : number(values, offsetSize), size));
    }
    const tag = (id: number, usual: number): number => found.get(id) ?? usual;
    return {
      width: tag(WANTED.width, 0),
      height: tag(WANTED.height, 0),
      bits: tag(WANTED.bits, 1),
      sampleFormat: tag(WANTED.format, 1),
      samples: tag(WANTED.samples, 1),
      photometric: tag(WANTED.photometric, 1),
      compression: tag(WANTED.compression, 1),
    };
  } catch {
    return undefined;
  }
};

const KINDS: Readonly<Record<number, string>> = { 1: 'unsigned', 2: 'signed', 3: 'floating-point' };

/**
 * Why no general rule converts the pixels of this TIFF to bytes. 8 and 16 unsigned bits have a known white; other
 * numbers have none, and libvips clips them to 0…255, which leaves most of them black.
 */
export const tiffProblem = ({ bits, sampleFormat, photometric, compression }: TiffTags): string | undefined => {
  const convert = 'convert it to 8 bits per channel (PNG), with the range that means black and white';
  const kind = KINDS[sampleFormat] ?? 'complex';
  if (bits > 16 || sampleFormat === 2 || sampleFormat === 3 || sampleFormat > 4)
    return `its pixels are ${bits}-bit ${kind} numbers, which have no fixed white; ${convert}`;
  if (photometric === 6 && compression !== 7 && compression !== 6)
    return 'its pixels are YCbCr without JPEG compression, which would be read as RGB; convert it to RGB or PNG';
  if (photometric === 8 || photometric === 9 || photometric === 10)
    return 'its pixels are Lab colours; convert it to RGB or PNG';
  return undefined;
};
