import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wheelOf } from '../../test/support/wheel.js';
import { unpackWheel } from './wheel.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tailnas-wheel-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const files = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();

/** Bytes that do not compress (a shift-register sequence), so that the archive spans several reads. */
const noise = new Uint8Array(3 << 20);
for (let i = 0, state = 1; i < noise.length; i++) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  noise[i] = state;
}

describe('unpackWheel', () => {
  it('takes libraries, headers and the version, whole, and nothing else', async () => {
    const wheel = join(root, 'torch.whl');
    const wanted = {
      'torch/include/ATen/ATen.h': strToU8('header'),
      'torch/lib/libtorch_cpu.so': noise,
      'torch/lib/libempty.so': new Uint8Array(0),
      'torch/version.py': strToU8("__version__ = '2.13.0'"),
      'torch.libs/libgomp.so.1': strToU8('gomp'),
    };
    const unwanted = {
      'torch/__init__.py': strToU8('import sys'),
      'torch/lib/libtorch_python.so': noise,
      'torch/lib/libstatic.a': strToU8('archive'),
      'torch/lib/../../outside': strToU8('escapes'),
    };
    writeFileSync(wheel, wheelOf({ ...unwanted, ...wanted }));
    const percents: number[] = [];
    await unpackWheel(wheel, { into: join(root, 'out'), onPercent: (percent) => percents.push(percent) });
    expect(files(join(root, 'out'))).toEqual(Object.keys(wanted).sort());
    expect(readFileSync(join(root, 'out/torch/lib/libtorch_cpu.so')).equals(noise)).toBe(true);
    expect(percents.length).toBeGreaterThan(3);
    expect(percents.at(-1)).toBe(100);
  });

  it('gives back any bytes, stored or compressed', async () => {
    const level = fc.constantFrom<0 | 6>(0, 6);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), level, async (bytes, compression) => {
        const wheel = join(root, 'any.whl');
        writeFileSync(wheel, wheelOf({ 'torch/lib/a.so': bytes }, { level: compression }));
        await unpackWheel(wheel, { into: root });
        expect([...readFileSync(join(root, 'torch/lib/a.so'))]).toEqual([...bytes]);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses a wheel that was cut off, wherever', async () => {
    const wheel = join(root, 'cut.whl');
    const whole = wheelOf({ 'torch/lib/a.so': noise.subarray(0, 100), 'torch/lib/b.so': noise.subarray(0, 100) });
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        writeFileSync(wheel, whole.subarray(0, length));
        await expect(unpackWheel(wheel, { into: root })).rejects.toThrow();
      }),
      { numRuns: 30 },
    );
  });

  it('refuses a wheel in which any byte of a file has changed', async () => {
    const wheel = join(root, 'damaged.whl');
    const whole = wheelOf({ 'torch/lib/a.so': noise.subarray(0, 5000) }, { level: 0 });
    const from = Buffer.from(whole).indexOf(noise.subarray(0, 100));
    await fc.assert(
      fc.asyncProperty(fc.nat(4999), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const damaged = whole.slice();
        damaged[from + place] = (damaged[from + place] ?? 0) ^ change;
        writeFileSync(wheel, damaged);
        await expect(unpackWheel(wheel, { into: root })).rejects.toThrow(
          "torch/lib/a.so is not what the wheel's RECORD",
        );
      }),
      { numRuns: 30 },
    );
  });

  it('refuses a wheel without a record of its files', async () => {
    const wheel = join(root, 'bare.whl');
    writeFileSync(wheel, zipSync({ 'torch/lib/a.so': strToU8('words') }));
    await expect(unpackWheel(wheel, { into: root })).rejects.toThrow("is not what the wheel's RECORD says");
  });
});
