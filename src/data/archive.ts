import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, createGunzip, createInflateRaw } from 'node:zlib';
import { cacheDir } from '../engine/paths.js';
import { printable } from '../label/index.js';
import { archiveTree, type Tree } from './archive-tree.js';
import { fileHead, isGzip } from './read-bounded.js';
import { codeOf, FileProblem, reasonOf } from './reasons.js';
import { isTarHeader, tarMembers } from './tar-members.js';
import { crc32, UnreadArchive, zipBytesAt, zipMembers } from './zip-members.js';

/** Where the bytes of a file are in an archive. */
export interface Stored {
  /** Of the bytes; in a zip of the header before them. */
  readonly from: number;
  readonly packed: number;
  readonly size: number;
  readonly zipped?: { readonly deflated: boolean; readonly crc: number };
}

/** An entry of an archive, with its name in bytes; `other` says what is neither a file nor a folder. */
export type Member = { readonly name: Buffer } & (Stored | { readonly folder: true } | { readonly other: string });

/** Reads so many bytes at a place. */
export type ReadAt = (at: number, n: number) => Buffer;

/** What a zip or tar file holds, without being unpacked: nothing of it becomes a path on the disk. */
export interface Archive extends Tree {
  readonly path: string;
  readonly kind: 'zip' | 'tar' | 'tar.gz';
  /** The first bytes of a file, or all, held against its checksum where it has one. Throws a FileProblem. */
  bytes(file: Stored, n?: number): Promise<Buffer>;
  close(): void;
}

/** Pictures are packed already: what becomes so many times larger is made to fill disks and memories. */
const MOST_TIMES = 100;
/** Less than this does no harm. */
const [SMALL_ARCHIVE, SMALL_FILE] = [2 ** 26, 2 ** 24];
/** Of a disk, what is left free. */
const SPARE_BYTES = 2 ** 28;

/** An own file for what is read again and again, without a name: the system removes it with the process. */
const namelessFile = (): { fd: number; free: number } => {
  for (const folder of [cacheDir(process.env), tmpdir()])
    try {
      fs.mkdirSync(folder, { recursive: true });
      const file = join(folder, `.expanded-${process.pid}-${process.hrtime.bigint()}`);
      const fd = fs.openSync(file, 'wx+', 0o600);
      fs.unlinkSync(file);
      const { bavail, bsize } = fs.statfsSync(folder);
      return { fd, free: bavail * bsize - SPARE_BYTES };
    } catch (error) {
      if (folder === tmpdir()) throw error;
    }
  throw new Error('unreachable');
};

/** Inflates a gzip file into one that can be read from anywhere; nothing where it has no tar inside. */
const expanded = async (path: string, size: number): Promise<{ fd: number; size: number } | undefined> => {
  const source = fs.createReadStream(path);
  const stream = source.pipe(createGunzip());
  source.on('error', (error) => stream.destroy(error));
  let target: { fd: number; free: number } | undefined;
  let has = 0;
  try {
    for await (const chunk of stream) {
      if (target === undefined && !isTarHeader(chunk)) return undefined;
      target ??= namelessFile();
      has += chunk.length;
      if (has > Math.max(SMALL_ARCHIVE, MOST_TIMES * size))
        throw new UnreadArchive(`expands to more than ${MOST_TIMES} times its size; unpack it and give its folder`);
      if (has > target.free)
        throw new UnreadArchive('needs more room than the disk has to be expanded; unpack it on another disk');
      fs.writeSync(target.fd, chunk);
    }
    return target && { fd: target.fd, size: has };
  } catch (error) {
    if (target !== undefined) fs.closeSync(target.fd);
    throw error;
  } finally {
    stream.destroy();
    source.destroy();
  }
};

/** At most the first n bytes of what deflate has packed. */
const inflated = async (packed: Buffer, n: number): Promise<Buffer> => {
  const stream = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  stream.end(packed);
  const chunks: Buffer[] = [];
  let has = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    has += chunk.length;
    if (has >= n) break;
  }
  return Buffer.concat(chunks).subarray(0, n);
};

const kindOf = (head: Buffer): Archive['kind'] | undefined => {
  if (['PK\x03\x04', 'PK\x05\x06'].includes(head.toString('latin1', 0, 4))) return 'zip';
  if (isGzip(head)) return 'tar.gz';
  return isTarHeader(head) ? 'tar' : undefined;
};

const readAsync = promisify(fs.read);

/**
 * Opens a zip or tar file, gzipped or not, whatever its name; undefined for other files. Only lists what it holds.
 * Throws where it is damaged, encrypted, or expands to more than pictures do.
 */
export const readArchive = async (path: string): Promise<Archive | undefined> => {
  const where = printable(path);
  const { head, size: bytes } = await fileHead(path, 512);
  const kind = kindOf(head);
  if (kind === undefined) return undefined;
  let fd: number | undefined;
  try {
    const opened = kind === 'tar.gz' ? await expanded(path, bytes) : { fd: fs.openSync(path, 'r'), size: bytes };
    if (opened === undefined) return undefined;
    fd = opened.fd;
    return archiveOf(path, { ...opened, kind });
  } catch (cause) {
    if (fd !== undefined) fs.closeSync(fd);
    if (cause instanceof UnreadArchive)
      throw new Error(`Cannot open data: archive ${where} ${cause.message}`, { cause });
    if (/^E[A-Z]+$/.test(codeOf(cause)))
      throw new Error(`Cannot open data: archive ${where} cannot be read: ${reasonOf(cause)}`, { cause });
    throw new Error(`Cannot open data: archive ${where} is damaged or cut short; remove it and download it again`, {
      cause,
    });
  }
};

const archiveOf = (path: string, { fd, size, kind }: { fd: number; size: number; kind: Archive['kind'] }): Archive => {
  const readNow: ReadAt = (at, n) => {
    const buffer = Buffer.alloc(at >= 0 && at + n <= size ? n : 0);
    if (n > 0 && (buffer.length !== n || fs.readSync(fd, buffer, 0, n, at) !== n)) throw new RangeError('cut short');
    return buffer;
  };
  const read = async (at: number, n: number): Promise<Buffer> => {
    if (n === 0) return Buffer.alloc(0);
    const { buffer, bytesRead } = await readAsync(fd, Buffer.alloc(n), 0, n, at);
    if (bytesRead !== n) throw new RangeError('cut short');
    return buffer;
  };
  const bytesOf = async ({ from, packed, size: whole, zipped }: Stored, n: number): Promise<Buffer> => {
    if (zipped === undefined) return read(from, Math.min(n, whole));
    const at = zipBytesAt(await read(from, 30), from);
    // Deflate never makes much more of what cannot be packed.
    const bytes = await read(at, Math.min(packed, n + (n >> 8) + 1024));
    const found = zipped.deflated ? await inflated(bytes, n) : bytes.subarray(0, n);
    if (n > whole && (found.length !== whole || crc32(found) !== zipped.crc)) throw new RangeError('damaged');
    return found;
  };
  return {
    path,
    kind,
    ...archiveTree((kind === 'zip' ? zipMembers : tarMembers)(readNow, size), path),
    bytes: async (file, n = file.size + 1) => {
      if (n > SMALL_FILE && file.size > Math.max(SMALL_FILE, MOST_TIMES * file.packed))
        throw new FileProblem(
          `it expands to more than ${MOST_TIMES} times its size; unpack the archive if it is a picture`,
        );
      try {
        return await bytesOf(file, n);
      } catch (cause) {
        throw new FileProblem('it is damaged in its archive; download that again', { cause });
      }
    },
    close: () => fs.closeSync(fd),
  };
};
