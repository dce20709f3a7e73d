import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Data, type Dtype, dtypes, viewAs, widthOf } from './dtype.js';
import { add, call, liveTensors, scope, Tensor, tensor, to, zeros } from './index.js';

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

  it('refuses 16-bit words without a type, and halves from plain numbers', () => {
    expect(() => tensor(new Uint16Array(2))).toThrow('give the dtype of 16-bit words');
    expect(() => tensor([1], { dtype: 'float16' })).toThrow('convert from float32');
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

  it('converts to half floats and back', () => {
    scope(() => {
      for (const dtype of ['float16', 'bfloat16'] as const)
        expect(to(to(tensor([0.5, -2, 384]), { dtype }), { dtype: 'float32' }).toArray()).toEqual([0.5, -2, 384]);
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
      expect([String(x), x.device, x.requiresGrad]).toEqual(['Tensor(float32 [2, 3])', 'cpu', false]);
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
