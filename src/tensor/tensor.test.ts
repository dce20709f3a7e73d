import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Data, type Dtype, dtypes, viewAs, widthOf } from './dtype.js';
import { add, call, liveTensors, scope, Tensor, tensor, to, zeros } from './index.js';
import { parseSafetensors, toSafetensors } from './safetensors.js';

const disposedError = /the tensor was disposed/;

describe('tensor', () => {
  it('takes its shape from the nesting of arrays', () => {
    scope(() => {
      expect(tensor(3).shape).toEqual([]);
      expect(tensor([]).shape).toEqual([0]);
      expect(tensor([[]]).shape).toEqual([1, 0]);
      const x = tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      expect([x.shape, x.dtype, x.toArray()]).toEqual([[2, 3], 'float32', [1, 2, 3, 4, 5, 6]]);
      expect(tensor([1, 2, 3, 4], { shape: [2, 2] }).shape).toEqual([2, 2]);
    });
  });

  it('refuses rows of different lengths, also when their elements add up', () => {
    expect(() => tensor([[1, 2], [3], [4, 5, 6]])).toThrow(/Cannot make tensor: nested arrays must all have one shape/);
    expect(() => tensor([[1, 2], [3]])).toThrow(/one shape, the first have \[2, 2\]/);
    expect(() => tensor([[1], 2])).toThrow(/one shape/);
    expect(() => tensor([1, [2]])).toThrow(/one shape/);
  });

  it('refuses a shape that does not fit', () => {
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow('shape [2, 2] does not fit 3 numbers');
    expect(() => tensor(new Float32Array(3), { shape: [2, 2] })).toThrow(
      'Cannot make tensor: shape needs 16 bytes, the array has 12',
    );
    expect(() => tensor(new Float32Array(4), { shape: [-2, -2] })).toThrow(/^Cannot make tensor: .*negative/);
    expect(() => tensor(new Float32Array(4), { shape: [2 ** 52, 2 ** 52] })).toThrow(/^Cannot make tensor: /);
  });

  it('refuses what an element type cannot hold', () => {
    expect(() => tensor(new Uint16Array(2))).toThrow('give the dtype of 16-bit words');
    expect(() => tensor([0, 256], { dtype: 'uint8' })).toThrow('uint8 holds whole numbers from 0 to 255, got 256');
    expect(() => tensor([-129], { dtype: 'int8' })).toThrow('int8 holds whole numbers from -128 to 127, got -129');
    expect(() => tensor([1.5], { dtype: 'int64' })).toThrow('int64 holds whole numbers');
    expect(() => tensor([Number.NaN], { dtype: 'int32' })).toThrow('got NaN; round them first');
    expect(() => tensor(Float32Array.of(1), { dtype: 'int32' })).toThrow(
      'int32 must be given as a Int32Array, got Float32Array; make a tensor of the array',
    );
    expect(() => tensor(Uint8Array.of(0, 2), { dtype: 'bool' })).toThrow('bytes of bool must be 0 or 1');
  });

  it.each(dtypes)('of %s is read as the numbers that it was made of', (dtype) => {
    const values = dtype === 'bool' ? [0, 1, 1] : /float/.test(dtype) ? [1.5, -0.125, 0] : [100, 3, 0];
    scope(() => {
      const x = tensor(values, { dtype });
      expect(x.dtype).toBe(dtype);
      expect(x.toArray()).toEqual(values);
      expect(tensor(values.slice(0, 1), { dtype }).item()).toBe(values[0]);
      expect(parseSafetensors(Buffer.concat(toSafetensors({ x }))).tensors['x']?.toArray()).toEqual(values);
    });
  });

  it('gives the bytes of every element type back', () => {
    const bits = (data: Data) => [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
    const bytesOf = (dtype: Dtype) =>
      fc.uint8Array({ minLength: 4, maxLength: 4 * widthOf(dtype) }).map((bytes) => {
        const whole = bytes.slice(0, bytes.length - (bytes.length % widthOf(dtype)));
        return viewAs(dtype, (dtype === 'bool' ? whole.map((b) => b & 1) : whole).buffer);
      });
    for (const dtype of dtypes)
      fc.assert(
        fc.property(bytesOf(dtype), (data) =>
          scope(() => {
            const x = tensor(data, { dtype });
            expect(x.dtype).toBe(dtype);
            expect(x.shape).toEqual([data.length]);
            expect(bits(x.data())).toEqual(bits(data));
          }),
        ),
        { numRuns: 20 },
      );
  });

  it('keeps 64-bit integers beyond 2^53', () => {
    const big = BigInt64Array.of(2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n);
    scope(() => expect(tensor(big).data()).toEqual(big));
  });

  it('takes typed arrays of derived classes for what they are derived from', () => {
    class Bytes extends Uint8Array {}
    class Doubles extends Float64Array {}
    const middle = Buffer.from([9, 1, 2, 3]).subarray(1);
    for (const [data, dtype, values] of [
      [middle, 'uint8', [1, 2, 3]],
      [Bytes.of(4, 5), 'uint8', [4, 5]],
      [Doubles.of(0.5), 'float64', [0.5]],
    ] as const) {
      using t = tensor(data);
      expect([t.dtype, t.toArray()]).toEqual([dtype, values]);
    }
  });

  it('reads a typed array that begins in the middle of its buffer', () => {
    scope(() => expect(tensor(new Float32Array([9, 1, 2, 9]).subarray(1, 3)).toArray()).toEqual([1, 2]));
  });

  it.each(['float16', 'bfloat16'] as const)('reads every word of %s as libtorch does', (dtype) => {
    scope(() => {
      const x = tensor(
        Uint16Array.from({ length: 65_536 }, (_, i) => i),
        { dtype },
      );
      expect(x.toArray()).toEqual(to(x, { dtype: 'float32' }).toArray());
    });
  });

  it.each(['float16', 'bfloat16'] as const)('rounds numbers to %s as libtorch does', (dtype) => {
    const near = [0, -0, 1, 65_504, 65_519, 65_520, 1e5, 3.4e38, 6e-8, 2.9e-8, 1e-40, 9e-41, Infinity, -Infinity, NaN];
    const floats = fc.sample(fc.float({ noNaN: true }), 20_000);
    // Halfway between two words: the even one is taken.
    const ties = Array.from({ length: 2048 }, (_, i) => (i % 2 ? -1 : 1) * (1 + (2 * i + 1) / 2 ** 9));
    const numbers = [...near, ...floats, ...ties].map(Math.fround);
    scope(() => {
      const own = tensor(numbers, { dtype }).toArray();
      expect(own).toEqual(to(tensor(numbers), { dtype }).toArray());
    });
  });
});

describe('a tensor', () => {
  it('has an item only when it has one element', () => {
    scope(() => {
      expect(tensor([[7]]).item()).toBe(7);
      expect(() => zeros([0]).item()).toThrow('must have exactly 1 element, has 0');
      expect(() => zeros([2]).item()).toThrow('must have exactly 1 element, has 2');
    });
  });

  it('is an error to use once disposed, but not to dispose again', () => {
    const x = tensor([1, 2]);
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    expect(String(x)).toBe('Tensor(disposed)');
    for (const use of [() => x.shape, () => x.dtype, () => x.data(), () => x.device, () => x.requireGrad()])
      expect(use).toThrow(disposedError);
    expect(() => add(x, 1)).toThrow("aten::add.Scalar: argument 'self' the tensor was disposed");
  });

  it('never comes back to life when its place is taken', () => {
    const old = tensor([1]);
    old.dispose();
    const next = tensor([2]);
    expect(() => old.item()).toThrow(disposedError);
    old.dispose();
    expect(next.item()).toBe(2);
    next.dispose();
  });

  it('ends with the block that declares it with `using`', () => {
    const before = liveTensors();
    let escaped: Tensor;
    {
      using x = tensor([1]);
      escaped = x;
      expect(liveTensors()).toBe(before + 1);
    }
    expect(escaped.disposed).toBe(true);
    expect(liveTensors()).toBe(before);
  });

  it('tells what it is', () => {
    scope(() => {
      const x = zeros([2, 3]);
      expect([String(x), x.device, x.requiresGrad]).toEqual([
        'Tensor(float32 [2, 3])\n[[0, 0, 0],\n [0, 0, 0]]',
        'cpu',
        false,
      ]);
      expect(x.requireGrad()).toBe(x);
      expect(x.requiresGrad).toBe(true);
      expect(() => tensor([1], { dtype: 'int64' }).requireGrad()).toThrow(/^Cannot set requiresGrad: /);
      expect(x).toBeInstanceOf(Tensor);
    });
  });

  it('outside every scope is released by the garbage collector at last', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const before = liveTensors();
    for (let i = 0; i < 50; i++) zeros([10]);
    const kept = scope(() => zeros([10]));
    expect(liveTensors()).toBe(before + 51);
    for (let i = 0; i < 20 && liveTensors() > before + 1; i++) {
      collect();
      await new Promise((done) => setTimeout(done, 5));
    }
    expect(liveTensors()).toBe(before + 1);
    expect(kept.toArray()).toHaveLength(10);
    kept.dispose();
  });
});

describe('what is no tensor', () => {
  it('is refused by name: values that are no numbers, and shapes that their memory does not have', () => {
    // @ts-expect-error from JavaScript anything can come
    expect(() => tensor('x')).toThrow(/must be made of numbers and arrays of them, got x/);
    // @ts-expect-error from JavaScript anything can come
    expect(() => tensor([1, '2'])).toThrow(/must be made of numbers and arrays of them, got 2/);
    // @ts-expect-error from JavaScript anything can come
    expect(() => tensor(undefined)).toThrow(/got undefined/);
    const a = zeros([2]);
    expect(() => call('aten::resize_', a, [2 ** 50])).toThrow(/aten::resize_/);
    expect(a.shape).toEqual([2]); // as it was: whatever reads it next must not read outside
    expect(a.toArray()).toEqual([0, 0]);
    // @ts-expect-error from JavaScript anything can come
    expect(() => new Tensor('x')).toThrow(/use tensor/);
    // @ts-expect-error from JavaScript anything can come
    expect(() => tensor([1], { dtype: 'foo' })).toThrow(/Unknown dtype "foo"/);
    a.dispose();
  });
});
