import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from '../engine/paths.js';
import { inArchive } from './archive-paths.js';
import type { Failure } from './reasons.js';

/** What decoding a list of files comes to. */
export interface Decoded {
  /** [kept, imageSize, imageSize, channels] */
  readonly images: Uint8Array;
  readonly kept: Uint32Array;
  readonly skipped: readonly Failure[];
  readonly warned: readonly Failure[];
}

/** What is decoded faster than this, in milliseconds, is not kept. */
const WORTH_KEEPING = 10_000;
/** A file written this recently, in milliseconds, may be written again without its times telling. */
const SETTLED = 2_000;
/** Larger sets are decoded each time: Node reads no larger file at once. */
const MOST_PIXELS = 2e9;
/** What a process that was killed left behind is removed after this, in milliseconds. */
const ABANDONED = 3_600_000;
/** Bytes of all that is kept, unless `TAILNAS_DECODED` says otherwise; the longest unused goes first. */
const MOST_BYTES = 4e9;
/** Of how files are decoded: another number where the same file may become other pixels. */
const VERSION = 1;
const HASH_BYTES = 32;
const STATS_AT_ONCE = 64;

const folder = (): string => join(cacheDir(process.env), 'decoded');
const mostBytes = (): number => {
  const given = Number(process.env['TAILNAS_DECODED'] ?? MOST_BYTES);
  return Number.isFinite(given) ? given : MOST_BYTES;
};

/**
 * A text that is the same only while no file has changed: path, size, inode and both times to the nanosecond. The time
 * of the last change of an inode cannot be set back. Undefined where a file was changed just now, or is in an archive.
 */
const stampOf = async (file: string, now: number): Promise<string | undefined> => {
  if (inArchive(file) !== undefined) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  if (now - Number(ctimeNs / 1_000_000n) < SETTLED) return undefined;
  return `${file}\0${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
};

/** The name of what a list of files comes to; undefined where that cannot be kept. */
const keyOf = async (files: readonly string[], how: string): Promise<string | undefined> => {
  const { default: sharp } = await import('sharp');
  const hash = createHash('sha256').update(JSON.stringify([VERSION, sharp.versions, how]));
  const now = Date.now();
  for (let at = 0; at < files.length; at += STATS_AT_ONCE) {
    const stamps = await Promise.all(files.slice(at, at + STATS_AT_ONCE).map((file) => stampOf(file, now)));
    for (const stamp of stamps) {
      if (stamp === undefined) return undefined;
      hash.update(stamp).update('\n');
    }
  }
  return hash.digest('hex').slice(0, 32);
};

const failures = (values: unknown): Failure[] =>
  Array.isArray(values) ? values.map(([file, reason]) => ({ file: String(file), reason: String(reason) })) : [];

/** A file holds the SHA-256 of the rest, the length of a JSON head as 4 bytes, the head, and the pixels. */
const unpacked = (bytes: Uint8Array): Decoded | undefined => {
  const rest = bytes.subarray(HASH_BYTES);
  if (!createHash('sha256').update(rest).digest().equals(bytes.subarray(0, HASH_BYTES))) return undefined;
  const length = new DataView(rest.buffer, rest.byteOffset).getUint32(0, true);
  const { kept, skipped, warned } = JSON.parse(Buffer.from(rest.subarray(4, 4 + length)).toString('utf8'));
  return {
    images: rest.subarray(4 + length),
    kept: Uint32Array.from(kept),
    skipped: failures(skipped),
    warned: failures(warned),
  };
};

const packed = ({ images, kept, skipped, warned }: Decoded): Uint8Array[] => {
  const pairs = (list: readonly Failure[]) => list.map(({ file, reason }) => [file, reason]);
  const head = Buffer.from(JSON.stringify({ kept: [...kept], skipped: pairs(skipped), warned: pairs(warned) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const parts = [length, head, images];
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return [hash.digest(), ...parts];
};

/** What others can write to is neither read nor written: it would be pixels of their choice. */
const isOwn = async (dir: string): Promise<boolean> => {
  if (process.getuid === undefined) return true;
  const { mode, uid } = await stat(dir);
  return (mode & 0o022) === 0 && uid === process.getuid();
};

/** Removes what was unused for longest until the rest has at most so many bytes. */
const tidy = async (dir: string, most: number): Promise<void> => {
  const kept = await Promise.all(
    (await readdir(dir)).map(async (name) => {
      const { size, mtimeMs } = await stat(join(dir, name));
      return { name, size, mtimeMs };
    }),
  );
  const old = kept.filter(({ name, mtimeMs }) => !name.endsWith('.bin') && Date.now() - mtimeMs > ABANDONED);
  for (const { name } of old) await rm(join(dir, name), { force: true });
  let bytes = 0;
  for (const { name, size } of kept.toSorted((a, b) => b.mtimeMs - a.mtimeMs)) {
    if (!name.endsWith('.bin')) continue;
    bytes += size;
    if (bytes > most) await rm(join(dir, name), { force: true });
  }
};

const save = async (file: string, decoded: Decoded): Promise<void> => {
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  const most = mostBytes();
  if (decoded.images.length > Math.min(most, MOST_PIXELS) || !(await isOwn(folder()))) return;
  const beside = `${file}.${process.pid}`;
  const handle = await open(beside, 'wx', 0o600);
  try {
    for (const part of packed(decoded)) await handle.writeFile(part);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
  await tidy(folder(), most);
};

/** What `work` makes is only kept for speed: that it cannot be is no failure. */
const perhaps = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await work();
  } catch {
    return undefined;
  }
};

/**
 * Decodes a list of files, or takes what that came to from the cache while none of them has changed: then a resumed run
 * or a test starts in seconds. `how` says how they are decoded. Small sets are decoded each time.
 */
export const decodedOnce = async (
  files: readonly string[],
  { how, decode, worth = WORTH_KEEPING }: { how: object; decode: () => Promise<Decoded>; worth?: number },
): Promise<Decoded> => {
  if (mostBytes() <= 0) return decode();
  const key = await perhaps(() => keyOf(files, JSON.stringify(how)));
  if (key === undefined) return decode();
  const file = join(folder(), `${key}.bin`);
  const found = await perhaps(async () => ((await isOwn(folder())) ? unpacked(await readFile(file)) : undefined));
  if (found !== undefined) {
    await perhaps(() => utimes(file, new Date(), new Date()));
    return found;
  }
  const start = performance.now();
  const decoded = await decode();
  if (performance.now() - start >= worth) await perhaps(() => save(file, decoded));
  return decoded;
};
