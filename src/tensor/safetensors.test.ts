import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dtypes } from './dtype.js';
import {
  liveTensors,
  parseSafetensors,
  readSafetensors,
  scope,
  type Tensor,
  tensor,
  to,
  toSafetensors,
  writeSafetensors,
} from './index.js';

const joined = (chunks: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(chunks));

/** A file as other writers lay it out: header, then data. */
const file = (header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return joined([length, json, data]);
};

const refused = (bytes: Uint8Array, rule: RegExp): void => {
  const before = liveTensors();
  expect(() => parseSafetensors(bytes)).toThrow(rule);
  expect(() => parseSafetensors(bytes)).toThrow(TypeError);
  expect(liveTensors()).toBe(before);
};

const plain = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.entries(tensors).map(([name, t]) => [name, t.dtype, t.shape, t.toArray()]);

describe('safetensors', () => {
  it('gives tensors of every type back, and the same bytes for the same tensors', () => {
    scope(() => {
      const tensors = Object.fromEntries(
        dtypes.map((dtype) => [
          `a.${dtype}`,
          to(
            tensor([
              [0, 1, 1],
              [1, 0, 1],
            ]),
            { dtype },
          ),
        ]),
      );
      const bytes = joined(toSafetensors(tensors, { metadata: { step: '3' } }));
      const back = parseSafetensors(bytes);
      expect(plain(back.tensors)).toEqual(plain(tensors));
      expect(back.metadata).toEqual({ step: '3' });
      expect(joined(toSafetensors(back.tensors, back))).toEqual(bytes);
    });
  });

  it('takes any names, values and shapes, scalars and empty tensors included', () => {
    const entry = fc
      .array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 })
      .map((shape) => ({ shape, size: shape.reduce((a, b) => a * b, 1) }));
    const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', '1', ''));
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, entry), { selector: ([n]) => n, maxLength: 5 }), (entries) =>
        scope(() => {
          const made = entries.map(([n, { shape, size }], i): [string, Tensor] => [
            n,
            tensor(
              Float64Array.from({ length: size }, (_, k) => k + i),
              { shape },
            ),
          ]);
          const metadata = Object.fromEntries(entries.map(([n]) => [n, n]));
          const back = parseSafetensors(joined(toSafetensors(Object.fromEntries(made), { metadata })));
          const byName = (a: readonly unknown[], b: readonly unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
          expect(plain(back.tensors).sort(byName)).toEqual(plain(Object.fromEntries(made)).sort(byName));
          expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(metadata).sort());
        }),
      ),
    );
  });

  it('reads what the Python package writes: no padding asked for, tensors listed by name and not by place', () => {
    scope(() => {
      // safetensors.numpy.save({'b': int8 [1, -1], 'a': float32 [[1.5], [-2]]}) puts the wider type first.
      const data = joined([
        new Uint8Array(Float32Array.of(1.5, -2).buffer),
        new Uint8Array(Int8Array.of(1, -1).buffer),
      ]);
      const { tensors, metadata } = parseSafetensors(
        file(
          '{"b":{"dtype":"I8","shape":[2],"data_offsets":[8,10]},' +
            '"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}  ',
          data,
        ),
      );
      expect(tensors['a']?.toArray()).toEqual([1.5, -2]);
      expect(tensors['a']?.shape).toEqual([2, 1]);
      expect(tensors['b']?.toArray()).toEqual([1, -1]);
      expect(metadata).toEqual({});
    });
  });

  it('says what is wrong with a damaged file', () => {
    const one = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
    const four = new Uint8Array(4);
    refused(new Uint8Array(7), /at least 8 bytes, has 7/);
    refused(new Uint8Array(8).fill(255), /the header says/);
    refused(file('{'), /the header is not JSON/);
    refused(file('[]'), /the header is not an object/);
    refused(file({ a: 1 }), /the entry "a" is not an object/);
    refused(file({ a: { ...one, shape: [-1] } }, four), /the entry "a" is incomplete/);
    refused(file({ a: { ...one, shape: [1.5] } }, four), /incomplete/);
    refused(file({ a: { ...one, dtype: 'F31' } }, four), /Unknown element type "F31"/);
    refused(file({ a: one }, new Uint8Array(3)), /"a" lies at bytes 0 to 4/);
    refused(file({ a: one }, new Uint8Array(5)), /1 bytes at the end belong to no tensor/);
    refused(file({ a: { ...one, data_offsets: [1, 5] } }, new Uint8Array(5)), /expected from 0/);
    refused(file({ a: one, b: one }, four), /"b" lies at bytes 0 to 4, expected from 4/);
    refused(file({ a: { ...one, shape: [2] } }, four), /"a" must have 8 bytes for its shape \[2\], has 4/);
    refused(
      file({ good: one, bad: { ...one, shape: [2 ** 50, 2 ** 50], data_offsets: [4, 8] } }, new Uint8Array(8)),
      /"bad"/,
    );
    refused(file({ a: { ...one, shape: [0, 2 ** 52, 2 ** 52], data_offsets: [0, 0] } }), /"a" is too large/);
  });

  it('never crashes and always throws a TypeError on damaged bytes', () => {
    scope(() => {
      const good = joined(
        toSafetensors({ w: tensor([[1, 2]]), s: tensor(3, { dtype: 'int64' }) }, { metadata: { k: 'v' } }),
      );
      const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
      const noTypeError = (bytes: Uint8Array): unknown => {
        try {
          parseSafetensors(bytes);
        } catch (error) {
          return error instanceof TypeError ? undefined : error;
        }
        return undefined;
      };
      fc.assert(
        fc.property(damage, fc.nat(good.length), (hits, cut) => {
          const bytes = good.slice();
          for (const [at, value] of hits) bytes[at] = value;
          expect(scope(() => noTypeError(bytes))).toBeUndefined();
          expect(scope(() => noTypeError(bytes.subarray(0, cut)))).toBeUndefined();
        }),
        { numRuns: 2000 },
      );
      fc.assert(
        fc.property(
          fc.record({
            dtype: fc.constantFrom('F32', 'I64', 'BOOL', 'x', 1),
            shape: fc.array(fc.oneof(fc.nat(3), fc.maxSafeInteger(), fc.constant(null)), { maxLength: 4 }),
            data_offsets: fc.array(fc.oneof(fc.nat(20), fc.maxSafeInteger()), { maxLength: 3 }),
          }),
          (entry) => {
            expect(scope(() => noTypeError(file({ a: entry }, new Uint8Array(16))))).toBeUndefined();
          },
        ),
        { numRuns: 1000 },
      );
    });
  });

  it('goes through a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tailnas-safetensors-'));
    const x = tensor([1, 2, 3]);
    await writeSafetensors(join(folder, 'x.safetensors'), { x }, { metadata: { a: 'b' } });
    const back = await readSafetensors(join(folder, 'x.safetensors'));
    expect(back.tensors['x']?.toArray()).toEqual([1, 2, 3]);
    expect(back.metadata).toEqual({ a: 'b' });
    back.tensors['x']?.dispose();
    x.dispose();
    rmSync(folder, { recursive: true });
  });

  it('refuses the reserved name', () => {
    scope(() => expect(() => toSafetensors({ __metadata__: tensor(1) })).toThrow('cannot be named "__metadata__"'));
  });
});
