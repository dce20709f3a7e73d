import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { arange, reshape, scope, tensor, to, zeros } from './index.js';

const shown = (make: () => unknown): string => scope(() => inspect(make()));

describe('a printed tensor', () => {
  it('has type, shape and values, in rows', () => {
    expect(shown(() => tensor(3))).toBe('Tensor(float32 []) 3');
    expect(shown(() => tensor([1, -2]))).toBe('Tensor(float32 [2]) [ 1, -2]');
    expect(shown(() => reshape(arange(8), [2, 2, 2]))).toBe(
      'Tensor(int64 [2, 2, 2])\n[[[0, 1],\n  [2, 3]],\n\n [[4, 5],\n  [6, 7]]]',
    );
    expect(shown(() => zeros([2, 0]))).toBe('Tensor(float32 [2, 0])\n[[],\n []]');
  });

  it('has its elements as they are, whatever the type', () => {
    expect(shown(() => tensor([0.5, 1, Number.NaN, Number.NEGATIVE_INFINITY]))).toBe(
      'Tensor(float32 [4]) [   0.5000,    1.0000,       NaN, -Infinity]',
    );
    expect(shown(() => tensor([1e-8, 2e9]))).toBe('Tensor(float32 [2]) [1.0000e-8, 2.0000e+9]');
    expect(shown(() => to(tensor([1.5]), { dtype: 'bfloat16' }))).toBe('Tensor(bfloat16 [1]) [1.5000]');
    expect(shown(() => tensor([1, 0], { dtype: 'bool' }))).toBe('Tensor(bool [2]) [ true, false]');
    expect(shown(() => tensor(new BigInt64Array([2n ** 60n])))).toBe('Tensor(int64 [1]) [1152921504606846976]');
  });

  it('is shown by its ends where it is large', () => {
    const text = shown(() => reshape(arange(1200), [30, 40]));
    expect(text.split('\n')).toHaveLength(8);
    expect(text).toContain('[   0,    1,    2, …,   37,   38,   39]');
    expect(text).toContain('1199]]');
    expect(shown(() => arange(1000))).toContain(' 500,');
  });

  it('is named where it was released', () => {
    const x = tensor([1]);
    x.dispose();
    expect(inspect({ x })).toBe('{ x: Tensor(disposed) }');
  });
});
