import type { ImageFormat } from './image-kind.js';

/** Width and height of an image. */
export interface ImageSides {
  readonly width: number;
  readonly height: number;
}

const u16be = (b: Buffer, at: number): number => (at + 2 <= b.length ? b.readUInt16BE(at) : 0);
const u16le = (b: Buffer, at: number): number => (at + 2 <= b.length ? b.readUInt16LE(at) : 0);
const u32be = (b: Buffer, at: number): number => (at + 4 <= b.length ? b.readUInt32BE(at) : 0);
const u24le = (b: Buffer, at: number): number => (at + 3 <= b.length ? b.readUIntLE(at, 3) : 0);

/** From the frame header of a JPEG (SOF0 to SOF15), which follows segments of any length. */
const jpeg = (b: Buffer): ImageSides | undefined => {
  let at = 2;
  while (at + 9 < b.length) {
    if (b[at] !== 0xff) return undefined;
    const marker = b[at + 1] ?? 0;
    if (marker === 0xff) at++;
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { height: u16be(b, at + 5), width: u16be(b, at + 7) };
    else if (marker === 0xd9 || marker === 0xda) return undefined;
    else at += 2 + u16be(b, at + 2);
  }
  return undefined;
};

const webp = (b: Buffer): ImageSides | undefined => {
  const chunk = b.toString('latin1', 12, 16);
  if (chunk === 'VP8X') return { width: 1 + u24le(b, 24), height: 1 + u24le(b, 27) };
  if (chunk === 'VP8 ') return { width: u16le(b, 26) & 0x3fff, height: u16le(b, 28) & 0x3fff };
  if (chunk !== 'VP8L') return undefined;
  const bits = b.length >= 25 ? b.readUInt32LE(21) : 0;
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
};

/** The largest of the images in an AVIF file: its `ispe` boxes. */
const avif = (b: Buffer): ImageSides | undefined => {
  let found: ImageSides | undefined;
  for (let at = b.indexOf('ispe'); at !== -1 && at + 16 <= b.length; at = b.indexOf('ispe', at + 4)) {
    const [width, height] = [u32be(b, at + 8), u32be(b, at + 12)];
    if (found === undefined || width * height > found.width * found.height) found = { width, height };
  }
  return found;
};

/**
 * Reads how large an image is from the beginning of its file, so that nothing has to be decoded to refuse it. Undefined
 * where the beginning does not say.
 */
export const imageSides = (head: Uint8Array, format: ImageFormat): ImageSides | undefined => {
  const b = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const sides =
    format === 'png'
      ? { width: u32be(b, 16), height: u32be(b, 20) }
      : format === 'gif'
        ? { width: u16le(b, 6), height: u16le(b, 8) }
        : format === 'jpeg'
          ? jpeg(b)
          : format === 'webp'
            ? webp(b)
            : format === 'avif'
              ? avif(b)
              : undefined;
  return sides !== undefined && sides.width > 0 && sides.height > 0 ? sides : undefined;
};
