import { describe, expect, it } from 'vitest';
import { add, enableGrad, exp, grad, liveTensors, mul, noGrad, scope, square, sum, tensor, zeros } from './index.js';

const leaf = (data: number[]) => tensor(data, { dtype: 'float64' }).requireGrad();
const arrays = (tensors: ReturnType<typeof grad>) => tensors.map((t) => t.toArray());

describe('grad', () => {
  it('gives the gradients of the chosen inputs alone', () => {
    scope(() => {
      const [x, y, z] = [leaf([1, 2]), leaf([3, 4]), leaf([5, 6])];
      const loss = sum(mul(mul(x, y), z));
      expect(arrays(grad(loss, [z, x]))).toEqual([
        [3, 8],
        [15, 24],
      ]);
    });
  });

  it('gives the vector-Jacobian product of several outputs', () => {
    scope(() => {
      const x = leaf([1, 2]);
      const gradOutputs = [tensor([1, 10], { dtype: 'float64' }), tensor([100, 1000], { dtype: 'float64' })];
      expect(arrays(grad([square(x), mul(x, 3)], [x], { gradOutputs }))).toEqual([[2 + 300, 40 + 3000]]);
    });
  });

  it('differentiates twice through createGraph: (e^(x²))″ = (2 + 4x²) e^(x²)', () => {
    scope(() => {
      const x = leaf([0.5, -1.25]);
      const [first = x] = grad(sum(exp(square(x))), [x], { createGraph: true });
      const [second = x] = grad(sum(first), [x]);
      for (const [i, v] of [0.5, -1.25].entries()) {
        expect(first.toArray()[i]).toBeCloseTo(2 * v * Math.exp(v * v), 12);
        expect(second.toArray()[i]).toBeCloseTo((2 + 4 * v * v) * Math.exp(v * v), 12);
      }
    });
  });

  it('keeps no graph for a second call unless asked to', () => {
    scope(() => {
      const x = leaf([2]);
      const kept = sum(square(x));
      grad(kept, [x], { retainGraph: true });
      expect(arrays(grad(kept, [x]))).toEqual([[4]]);
      expect(() => grad(kept, [x])).toThrow(/^Cannot compute gradients: .*backward through the graph a second time/);
    });
  });

  it('says so when an input is unused, or gives zeros', () => {
    scope(() => {
      const [x, y] = [leaf([1]), leaf([1, 2])];
      expect(() => grad(sum(x), [x, y])).toThrow(/^Cannot compute gradients: .*appears? to not have been used/);
      expect(arrays(grad(sum(x), [x, y], { unused: 'zeros' }))).toEqual([[1], [0, 0]]);
    });
  });

  it('says so when an output needs no gradient, or is no scalar', () => {
    const before = liveTensors();
    scope(() => {
      expect(() => grad(tensor([1]), [leaf([1])])).toThrow(/^Cannot compute gradients: .*does not require grad/);
      expect(() => grad(square(leaf([1, 2])), [leaf([1])])).toThrow(/^Cannot compute gradients: .*scalar outputs/);
    });
    expect(liveTensors()).toBe(before);
  });
});

describe('noGrad', () => {
  it('records nothing inside, enableGrad does again, and both end with their body', () => {
    scope(() => {
      const x = leaf([1]);
      expect(noGrad(() => add(x, 1)).requiresGrad).toBe(false);
      expect(noGrad(() => enableGrad(() => add(x, 1))).requiresGrad).toBe(true);
      expect(() =>
        noGrad(() => {
          throw new Error('mine');
        }),
      ).toThrow('mine');
      expect(add(x, 1).requiresGrad).toBe(true);
    });
  });

  it('refuses a promise, whose later part would record', () => {
    expect(() => noGrad(async () => 1)).toThrow('the function must be synchronous');
    scope(() => expect(add(leaf([1]), zeros([1], { dtype: 'float64' })).requiresGrad).toBe(true));
  });
});
