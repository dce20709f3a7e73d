import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Decoded, decodedOnce } from './decoded-cache.js';

const root = mkdtempSync(join(tmpdir(), 'tailnas-decoded-'));
const kept = join(root, 'cache', 'decoded');
const files = ['a.png', 'b.png'].map((name) => join(root, name));
const before = { ...process.env };

let times = 0;
const decode = async (): Promise<Decoded> => {
  times++;
  const warned = [{ file: files[1] ?? '', reason: 'parts of it are damaged' }];
  return { images: Uint8Array.from([1, 2, 3, 4]), kept: Uint32Array.from([0, 1]), skipped: [], warned };
};
const once = (how: object = { imageSize: 2 }, worth = 0) => decodedOnce(files, { how, decode, worth });
const names = (): string[] => readdirSync(kept);

beforeAll(async () => {
  process.env['TAILNAS_CACHE'] = join(root, 'cache');
  for (const file of files) writeFileSync(file, 'x');
  await setTimeout(2_100);
});
afterAll(() => {
  process.env = before;
  rmSync(root, { recursive: true, force: true });
});

describe('images that were decoded before', () => {
  it('are not kept where decoding was quick', async () => {
    await once({ imageSize: 1 }, 60_000);
    expect(existsSync(kept)).toBe(false);
  });

  it('are taken as they were, with what was wrong with them', async () => {
    const first = await once();
    const decoded = times;
    const again = await once();
    expect(times).toBe(decoded);
    expect({ ...again, images: [...again.images] }).toEqual({ ...first, images: [...first.images] });
  });

  it('are decoded again in another way, and after a file was changed', async () => {
    const decoded = times;
    await once({ imageSize: 3 });
    expect(times).toBe(decoded + 1);
    writeFileSync(files[0] ?? '', 'y'); // as large as before
    await once();
    await once(); // it was changed too recently to be sure of it
    expect(times).toBe(decoded + 3);
    await setTimeout(2_100);
    await once();
    await once();
    expect(times).toBe(decoded + 4);
  });

  it('are decoded again where what was kept is damaged', async () => {
    for (const name of names()) {
      const bytes = readFileSync(join(kept, name));
      bytes[bytes.length - 1] = 99;
      writeFileSync(join(kept, name), bytes);
    }
    const decoded = times;
    expect([...(await once()).images]).toEqual([1, 2, 3, 4]);
    expect(times).toBe(decoded + 1);
  });

  it('are neither taken nor kept where others can write, or nothing may be kept', async () => {
    const decoded = times;
    chmodSync(kept, 0o777);
    await once();
    chmodSync(kept, 0o700);
    process.env['TAILNAS_DECODED'] = '0';
    await once();
    delete process.env['TAILNAS_DECODED'];
    expect(times).toBe(decoded + 2);
    await once();
    expect(times).toBe(decoded + 2);
  });

  it('make room, the longest unused first', async () => {
    process.env['TAILNAS_DECODED'] = '600';
    for (let imageSize = 10; imageSize < 20; imageSize++) await once({ imageSize });
    expect(names().length).toBeLessThan(5);
    const decoded = times;
    await once({ imageSize: 19 });
    expect(times).toBe(decoded);
  });
});
