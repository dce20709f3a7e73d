import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Unzip, UnzipInflate } from 'fflate';

/** What a program linked to libtorch needs of the Python package: libraries, headers, the version. */
const wanted = (name: string): boolean => {
  if (name.endsWith('/') || name.split('/').includes('..')) return false;
  if (name.startsWith('torch.libs/') || name.startsWith('torch/include/') || name === 'torch/version.py') return true;
  return name.startsWith('torch/lib/') && !/libtorch_python|\.a$/.test(name);
};

/**
 * For taking libtorch out of a wheel of torch: `torch/lib`, `torch/include`, `torch/version.py` and `torch.libs`, with
 * the folders of the wheel. Streams, so that memory stays small however large the wheel. `onPercent` gets 0 to 100.
 * Every file is held against the SHA-256 that the wheel's RECORD has of it. Throws if the wheel is damaged.
 */
export const unpackWheel = async (
  wheel: string,
  { into, onPercent = () => {} }: { into: string; onPercent?: (percent: number) => void },
): Promise<void> => {
  if (!isWhole(wheel)) throw new Error('its end is missing');
  const open = new Set<number>();
  const written = new Map<string, string>();
  let record = '';
  const unzip = new Unzip((file) => {
    if (RECORD.test(file.name)) {
      const text = new TextDecoder();
      file.ondata = (error, data, final) => {
        if (error) throw error;
        record += text.decode(data, { stream: !final });
      };
      file.start();
      return;
    }
    // A file that is not started would be kept in memory: start them all and drop what is not wanted.
    if (!wanted(file.name)) {
      file.ondata = (error) => {
        if (error) throw error;
      };
      file.start();
      return;
    }
    const path = join(into, file.name);
    mkdirSync(dirname(path), { recursive: true });
    const target = openSync(path, 'w');
    open.add(target);
    const hash = createHash('sha256');
    file.ondata = (error, data, final) => {
      if (error) throw error;
      writeAll(target, data);
      hash.update(data);
      if (!final) return;
      // Of 15,000 headers that would take half a minute; one that is lost ends the build, not a run.
      if (!file.name.startsWith('torch/include/')) fsyncSync(target);
      written.set(file.name, hash.digest('base64url'));
      closeSync(target);
      open.delete(target);
    };
    file.start();
  });
  unzip.register(UnzipInflate);

  const { size } = statSync(wheel);
  let read = 0;
  try {
    for await (const chunk of createReadStream(wheel, { highWaterMark: 1 << 20 })) {
      unzip.push(chunk);
      read += chunk.length;
      onPercent((100 * read) / size);
    }
    unzip.push(new Uint8Array(0), true);
  } finally {
    for (const target of open) closeSync(target);
  }
  requireRecorded(written, record);
};

/** https://packaging.python.org/en/latest/specifications/binary-distribution-format/ */
const RECORD = /^[^/]+\.dist-info\/RECORD$/;

/** Throws unless each file is listed with the hash that it has; a line is `name,sha256=<base64url>,size`. */
const requireRecorded = (written: ReadonlyMap<string, string>, record: string): void => {
  const known = new Map(
    record.split(/\r?\n/).flatMap((line): [string, string][] => {
      const [, name = '', hash = ''] = /^"?(.*?)"?,sha256=([\w-]+)=*,\d+$/.exec(line) ?? [];
      return name === '' ? [] : [[name, hash]];
    }),
  );
  for (const [name, hash] of written)
    if (known.get(name) !== hash) throw new Error(`${name} is not what the wheel's RECORD says`);
};

/** A stream cut off between two files looks complete; only the record at the end tells. Wheels have no comment. */
const isWhole = (wheel: string): boolean => {
  const end = Buffer.alloc(22);
  const source = openSync(wheel, 'r');
  try {
    readSync(source, end, 0, end.length, Math.max(0, statSync(wheel).size - end.length));
  } finally {
    closeSync(source);
  }
  return end.toString('latin1', 0, 4) === 'PK\x05\x06';
};

/** A write may take only a part of what it is given, above all when the disk is nearly full. */
const writeAll = (target: number, data: Uint8Array): void => {
  for (let done = 0; done < data.length; ) done += writeSync(target, data, done);
};
