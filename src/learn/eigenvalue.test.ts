import { describe, expect, it } from 'vitest';
import { inPlace, matmul, mul, noGrad, randn, reshape, rng, scope, sum, type Tensor, tensor } from '../tensor/index.js';
import { dominantEigenvalue, largestEigenvalue, largestOfTridiagonal } from './eigenvalue.js';

describe('the largest eigenvalue', () => {
  it('of a tridiagonal matrix', () => {
    // 2 on the diagonal, −1 beside it: 2 − 2 cos(k π / (n + 1)).
    const n = 12;
    const found = largestOfTridiagonal(new Array<number>(n).fill(2), new Array<number>(n - 1).fill(-1));
    expect(found).toBeCloseTo(2 - 2 * Math.cos((n * Math.PI) / (n + 1)), 12);
    expect(largestOfTridiagonal([3], [])).toBeCloseTo(3, 12);
    expect(largestOfTridiagonal([-3, -5], [0])).toBeCloseTo(-3, 12);
  });

  it('by sign, not by size, of a matrix of which only products are known', () => {
    rng.seed(0);
    scope(() => {
      const values = [-9, ...Array.from({ length: 38 }, (_, i) => -1 + i / 20), 4];
      const diagonal = tensor(values, { dtype: 'float64' });
      const found = largestEigenvalue((v) => mul(diagonal, v), { size: values.length, products: 25 });
      expect(found).toBeCloseTo(4, 6);
      expect(largestEigenvalue((v) => mul(v, 0), { size: 3 })).toBe(0); // nothing depends on alpha
    });
  });

  it('of a Hessian, from gradients alone, and leaves alpha and the random state as they were', () => {
    rng.seed(1);
    scope(() => {
      // L = ½ xᵀ A x + 0.1 Σ x³ of x = both alphas: its Hessian at x is A + 0.6 diag(x).
      const half = randn([12, 12], { dtype: 'float64' });
      const a = noGrad(() => matmul(half, tensor(transposed(half), { shape: [12, 12] })));
      const alphas = ([0, 1] as const).map((i) => ({
        component: 'backbone',
        kind: i === 0 ? ('normal' as const) : ('reduction' as const),
        part: 'ops',
        value: randn([2, 3], { dtype: 'float64' }).requireGrad(),
      }));
      const before = alphas.map(({ value }) => value.toArray());
      const x = before.flat();
      const gradient = (): Tensor[] => {
        const now = alphas.flatMap(({ value }) => value.toArray());
        const linear = noGrad(() =>
          reshape(matmul(a, tensor(Float64Array.from(now), { shape: [12, 1] })), [-1]).toArray(),
        );
        const all = now.map((v, i) => (linear[i] ?? 0) + 0.3 * v * v);
        return [
          tensor(Float64Array.from(all.slice(0, 6)), { shape: [2, 3] }),
          tensor(Float64Array.from(all.slice(6)), { shape: [2, 3] }),
        ];
      };
      const state = [...rng.state()];
      const found = dominantEigenvalue(alphas, { gradient, decay: 0.25 });
      expect([...rng.state()]).toEqual(state);
      expect(alphas.map(({ value }) => value.toArray())).toEqual(before);
      const exact = largestEigenvalue(
        (v) => {
          const curved = mul(v, tensor(Float64Array.from(x, (value) => 0.6 * value)));
          const product = reshape(matmul(a, reshape(v, [-1, 1])), [-1]);
          inPlace.add(product, curved);
          return product;
        },
        { size: 12, products: 12 },
      );
      expect(found / (exact + 0.25)).toBeCloseTo(1, 4);
      expect(sum(a).item()).not.toBe(0);
    });
  });
});

const transposed = (x: Tensor): Float64Array => {
  const [n = 0, m = 0] = x.shape;
  const all = x.toArray();
  return Float64Array.from({ length: n * m }, (_, i) => all[(i % n) * m + Math.floor(i / n)] ?? 0);
};
