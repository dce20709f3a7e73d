import type { ImageFormat } from './image-kind.js';

/** Whether a JPEG has no end marker behind its first scan: the same bytes in a thumbnail before it do not count. */
const jpeg = (b: Buffer): boolean => {
  let at = 2;
  while (at + 4 <= b.length && b[at] === 0xff && b[at + 1] !== 0xda)
    at += b[at + 1] === 0xff ? 1 : 2 + b.readUInt16BE(at + 2);
  return b.indexOf(Buffer.from([0xff, 0xd9]), Math.min(at, b.length)) === -1;
};

/**
 * Whether the end of an image file is missing, where its format says so. libvips keeps its messages in one place for
 * all threads, so what it says of one image may be of another: bytes alone give the same reason each time.
 */
export const isCutShort = (bytes: Uint8Array, format: ImageFormat): boolean => {
  const b = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format === 'jpeg') return jpeg(b);
  if (format === 'png') return !b.includes('IEND');
  if (format === 'webp') return b.length < 12 || b.readUInt32LE(4) + 8 > b.length;
  return false;
};
