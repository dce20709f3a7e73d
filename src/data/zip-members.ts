import type { Member, ReadAt } from './archive.js';
import { MOST_INFLATION } from './read-bounded.js';

/** The record that ends a zip, with the longest comment behind it. */
const [END, MOST_END] = [22, 22 + 65_535];
const [CENTRAL, LOCAL] = [46, 30];
const MOST_DIRECTORY_BYTES = 2 ** 28;

const UNIX = [3, 19];
/** Of Unix modes. */
const FILE_TYPE = 0o170000;
const OTHERS = new Map([
  [0o120000, 'a link, which is not followed in an archive'],
  [0o020000, 'a device, not a file'],
  [0o060000, 'a device, not a file'],
  [0o010000, 'a named pipe, not a file'],
  [0o140000, 'a socket, not a file'],
]);

/** Something that keeps the whole of an archive from being read, with the way out. */
export class UnreadArchive extends Error {}

const u64 = (b: Buffer, at: number): number => Number(b.readBigUInt64LE(at));

/** Where the list of entries is, by the record at the end of the file, or by that of large ones (Zip64) before it. */
const directoryOf = (read: ReadAt, size: number): { from: number; bytes: number; shift: number } => {
  const tail = Math.min(size, MOST_END);
  const b = read(size - tail, tail);
  const at = b.lastIndexOf('PK\x05\x06', b.length - END, 'latin1');
  if (at === -1) throw new RangeError('its end is missing');
  const end = size - tail + at;
  let [bytes, from, before] = [b.readUInt32LE(at + 12), b.readUInt32LE(at + 16), end];
  if (at >= 20 && b.toString('latin1', at - 20, at - 16) === 'PK\x06\x07') {
    before = u64(b, at - 12);
    const large = read(before, 56);
    if (large.toString('latin1', 0, 4) !== 'PK\x06\x06') throw new RangeError('its end is damaged');
    [bytes, from] = [u64(large, 40), u64(large, 48)];
  }
  if (bytes > MOST_DIRECTORY_BYTES || from + bytes > before) throw new RangeError('its list of entries is damaged');
  return { from: before - bytes, bytes, shift: before - bytes - from }; // a program may precede the archive
};

/** The sizes and the place of an entry, where they are too large for their fields. */
const large = (extra: Buffer, fields: readonly number[]): number[] => {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    return fields.map((value) => {
      if (value !== 0xff_ff_ff_ff) return value;
      next += 8;
      return u64(extra, next - 8);
    });
  }
  return [...fields];
};

/**
 * Lists what a zip file holds, by the list at its end alone. Throws a RangeError if it is damaged, cut short or
 * contradicts itself, and an UnreadArchive if it is encrypted or uses an unsupported method.
 */
export const zipMembers = (read: ReadAt, size: number): Member[] => {
  const { from, bytes, shift } = directoryOf(read, size);
  const b = read(from, bytes);
  const members: Member[] = [];
  let all = 0;
  for (let at = 0; at < bytes; ) {
    if (b.toString('latin1', at, at + 4) !== 'PK\x01\x02') throw new RangeError('its list of entries is damaged');
    const [nameBytes, extraBytes, comment] = [28, 30, 32].map((place) => b.readUInt16LE(at + place));
    const end = at + CENTRAL + (nameBytes ?? 0);
    // Windows programs write names with its separator, against the format.
    const name = Buffer.from(b.subarray(at + CENTRAL, end).map((byte) => (byte === 0x5c ? 0x2f : byte)));
    const extra = b.subarray(end, end + (extraBytes ?? 0));
    const fields = [24, 20, 42].map((place) => b.readUInt32LE(at + place));
    const [unpacked = 0, packed = 0, place = 0] = large(extra, fields);
    const [host = 0, flags, method] = [b[at + 5], b.readUInt16LE(at + 8), b.readUInt16LE(at + 10)];
    const crc = b.readUInt32LE(at + 16);
    const type = UNIX.includes(host) ? b.readUInt16LE(at + 40) & FILE_TYPE : 0;
    at = end + (extraBytes ?? 0) + (comment ?? 0);
    const other = OTHERS.get(type);
    if (other !== undefined) members.push({ name, other });
    else if (name.at(-1) === 0x2f) members.push({ name, folder: true });
    else {
      if ((flags & 1) !== 0) throw new UnreadArchive('is encrypted; unpack it and give its folder');
      if (method !== 0 && method !== 8)
        throw new UnreadArchive(
          `is packed in a way that is not read (method ${method}); unpack it and give its folder`,
        );
      all += packed;
      const fits = method === 0 ? unpacked === packed : unpacked <= MOST_INFLATION * packed + 1024;
      if (!fits || all > size || place + shift + LOCAL + packed > from)
        throw new RangeError('its sizes cannot be right');
      members.push({ name, from: place + shift, packed, size: unpacked, zipped: { deflated: method === 8, crc } });
    }
  }
  return members;
};

/** Where the bytes of a zip entry begin: behind a header of its own. */
export const zipBytesAt = (header: Buffer, from: number): number => {
  if (header.length < LOCAL || header.toString('latin1', 0, 4) !== 'PK\x03\x04') throw new RangeError('it is damaged');
  return from + LOCAL + header.readUInt16LE(26) + header.readUInt16LE(28);
};

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? 0xed_b8_83_20 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The checksum that a zip has of each entry. */
export const crc32 = (bytes: Uint8Array): number => {
  let value = 0xff_ff_ff_ff;
  for (const byte of bytes) value = (TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ 0xff_ff_ff_ff) >>> 0;
};
