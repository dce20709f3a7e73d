import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { printable } from '../label/index.js';
import { codeOf, reasonOf, specialKind } from './reasons.js';

/** The first two bytes of a gzip file. */
export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Deflate makes at most so many bytes of one. */
export const MOST_INFLATION = 1032;

/** The first bytes of a file and how many it has. Throws on what is no file, which may have no end. */
export const fileHead = async (file: string, n: number): Promise<{ head: Buffer; size: number }> => {
  try {
    const found = await stat(file);
    const special = specialKind(found) ?? (found.isDirectory() ? 'a folder' : undefined);
    if (special !== undefined) throw new Error(`it is ${special}, not a file`);
    const opened = await open(file, 'r');
    try {
      const { buffer, bytesRead } = await opened.read(Buffer.alloc(n), 0, n, 0);
      return { head: buffer.subarray(0, bytesRead), size: found.size };
    } finally {
      await opened.close();
    }
  } catch (cause) {
    throw new Error(`Cannot open data: ${printable(file)} cannot be read: ${reasonOf(cause)}`, { cause });
  }
};

/**
 * Reads a file whose header gives its length: `expected` computes it from the first `headBytes`. Gzip is inflated,
 * whatever the name. Never holds more than that length, so a small file cannot fill the memory. Throws if the file is
 * longer or shorter.
 */
export const readBounded = async (
  file: string,
  { headBytes, expected }: { headBytes: number; expected: (head: Buffer) => number },
): Promise<Buffer> => {
  const { head, size } = await fileHead(file, 2);
  const name = printable(file);
  const zipped = isGzip(head);
  const source = createReadStream(file);
  const stream = zipped ? source.pipe(createGunzip()) : source;
  source.on('error', (error) => stream.destroy(error));
  const first: Buffer[] = [];
  let whole: Buffer | undefined;
  let has = 0;
  const wrong = (length: number, got: string): Error =>
    new Error(`Cannot open data: ${name} must hold ${length} bytes as its header says, got ${got}; download it again`);
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      if (whole === undefined) {
        first.push(bytes);
        has += bytes.length;
        if (has < headBytes) continue;
        const begin = Buffer.concat(first);
        const length = expected(begin);
        if (!zipped && size !== length) throw wrong(length, `${size}`);
        if (zipped && length > MOST_INFLATION * size)
          throw wrong(length, `${size} compressed, which cannot be as many`);
        if (has > length) throw wrong(length, 'more');
        whole = Buffer.alloc(length);
        begin.copy(whole);
      } else {
        if (has + bytes.length > whole.length) throw wrong(whole.length, 'more');
        bytes.copy(whole, has);
        has += bytes.length;
      }
    }
  } catch (cause) {
    stream.destroy();
    source.destroy();
    if (cause instanceof Error && cause.message.startsWith('Cannot ')) throw cause;
    if (zipped && /^(Z_|ERR_)/.test(codeOf(cause)))
      throw new Error(`Cannot open data: ${name} is a damaged gzip file; download it again`, { cause });
    throw new Error(`Cannot open data: ${name} cannot be read: ${reasonOf(cause)}`, { cause });
  }
  if (whole === undefined) {
    expected(Buffer.concat(first)); // says what is wrong with so short a file
    throw wrong(headBytes, `${has}`);
  }
  if (has !== whole.length) throw wrong(whole.length, `${has}`);
  return whole;
};
