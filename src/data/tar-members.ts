import type { Member, ReadAt, Stored } from './archive.js';

const BLOCK = 512;
/** The longest entry of names or attributes that is accepted. */
const MOST_NAME_BYTES = 2 ** 20;

const text = (bytes: Buffer): Buffer => {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
};

/** Octal digits, or a big-endian number behind the byte 0x80. */
const number = (field: Buffer): number =>
  ((field[0] ?? 0) & 0x80) !== 0
    ? field.subarray(1).reduce((value, byte) => 256 * value + byte, 0)
    : Number.parseInt(text(field).toString('latin1').trim() || '0', 8);

/** Whether a block is the header of a tar entry: it has a checksum, in every version of the format. */
export const isTarHeader = (block: Uint8Array): boolean => {
  if (block.length < BLOCK || block[0] === 0) return false;
  const b = Buffer.from(block.buffer, block.byteOffset, BLOCK);
  const sum = b.reduce((a, byte, i) => a + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  return number(b.subarray(148, 156)) === sum;
};

/** Attributes of the entry that follows, `27 path=some/long/name.jpg\n` each (pax). */
const attributes = (bytes: Buffer): Map<string, Buffer> => {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space === -1 ? at : space));
    const equals = bytes.indexOf(0x3d, space);
    if (!(length > 0) || equals === -1) break;
    found.set(bytes.toString('latin1', space + 1, equals), bytes.subarray(equals + 1, at + length - 1));
    at += length;
  }
  return found;
};

const OTHERS: Readonly<Record<string, string>> = {
  2: 'a link, which is not followed in an archive',
  3: 'a device, not a file',
  4: 'a device, not a file',
  6: 'a named pipe, not a file',
  S: 'a file with holes, which is not read from an archive; pack it without --sparse',
};

/**
 * Lists what a tar file holds, of any of its formats (V7, ustar, GNU, pax), by its headers alone. Hard links are the
 * file that they name. Throws a RangeError where it is damaged or cut short.
 */
export const tarMembers = (read: ReadAt, size: number): Member[] => {
  const members: Member[] = [];
  const files = new Map<string, Stored>();
  let own = new Map<string, Buffer>();
  for (let at = 0; at < size; ) {
    const header = at + BLOCK <= size ? read(at, BLOCK) : Buffer.alloc(0);
    if (header.length === BLOCK && header.every((byte) => byte === 0)) break;
    if (!isTarHeader(header)) throw new RangeError('a header is damaged');
    const field = (from: number, length: number): Buffer => header.subarray(from, from + length);
    const type = header[156] === 0 ? '0' : String.fromCharCode(header[156] ?? 0);
    const stated = own.get('size');
    const bytes = '123456'.includes(type) ? 0 : stated ? Number(stated.toString('latin1')) : number(field(124, 12));
    const from = at + BLOCK;
    if (!Number.isSafeInteger(bytes) || bytes < 0 || from + bytes > size) throw new RangeError('its end is missing');
    at = from + BLOCK * Math.ceil(bytes / BLOCK);
    if ('LKxg'.includes(type)) {
      if (bytes > MOST_NAME_BYTES) throw new RangeError('a name is too long');
      const data = read(from, bytes);
      if (type === 'x') own = new Map([...own, ...attributes(data)]);
      else if (type !== 'g') own.set(type === 'L' ? 'path' : 'linkpath', text(data));
      continue;
    }
    const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(field(345, 155)) : Buffer.alloc(0);
    const short = text(field(0, 100));
    const name = own.get('path') ?? (prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), short]) : short);
    const linked = type === '1' ? (own.get('linkpath') ?? text(field(157, 100))).toString('latin1') : undefined;
    const sparse = [...own.keys()].some((key) => key.startsWith('GNU.sparse'));
    own = new Map();
    const target = linked === undefined ? undefined : files.get(linked);
    const kind = sparse ? OTHERS['S'] : (OTHERS[type] ?? (linked !== undefined && target === undefined && OTHERS[2]));
    const folder = type === '5' || (type === '0' && name.at(-1) === 0x2f);
    if (kind) members.push({ name, other: kind });
    else if (folder) members.push({ name, folder });
    else {
      const file = target ?? { from, packed: bytes, size: bytes };
      files.set(name.toString('latin1'), file);
      members.push({ name, ...file });
    }
  }
  return members;
};
