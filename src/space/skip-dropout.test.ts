import { describe, expect, it } from 'vitest';
import { ParameterStore } from '../nn/index.js';
import { grad, inPlace, noGrad, randn, rng, scope, sum, type Tensor, zerosLike } from '../tensor/index.js';
import { cell, cellInput, certain, derivedPlan, dropout, joined } from './index.js';

describe('dropout', () => {
  it('is x · mask / (1 − p), and so is its gradient', () => {
    scope(() => {
      const x = randn([2, 3, 4, 4], { dtype: 'float64' }).requireGrad();
      rng.seed(5);
      const y = dropout(x, 0.4);
      const [gradient] = grad(sum(y), [x]);
      rng.seed(5);
      const mask = noGrad(() => zerosLike(x));
      inPlace.bernoulli(mask, 0.6);
      const [values, kept] = [x.toArray(), mask.toArray()];
      for (const [i, v] of y.toArray().entries()) expect(v).toBeCloseTo(((values[i] ?? 0) * (kept[i] ?? 0)) / 0.6, 12);
      for (const [i, g] of (gradient?.toArray() ?? []).entries()) expect(g).toBeCloseTo((kept[i] ?? 0) / 0.6, 12);
      expect(new Set(kept)).toEqual(new Set([0, 1]));
    });
  });

  it('refuses to drop everything', () => {
    scope(() => expect(() => dropout(randn([1]), 1)).toThrow('the probability must be in [0, 1), got 1'));
  });
});

describe('skip connections of a supernet under dropout', () => {
  const P = 0.25;
  /** The outputs of a cell of one node on one edge, at p = 0 and at P. */
  const outputs = (
    op: string,
    options: { fused: boolean; kind?: 'normal' | 'reduction'; training?: boolean; supernet?: boolean },
  ) => {
    const { fused, kind = 'normal', training = true, supernet = true } = options;
    rng.seed(2);
    const store = new ParameterStore({ fused });
    const genotype = { nodes: [[{ op, from: 1 }]], concat: [2] };
    const shape = { kind, channels: 16, inputs: [16, 16] as const, afterReduction: false, supernet };
    const built = cell(store.component('c'), derivedPlan(genotype), shape);
    store.allocate();
    const x = randn([8, 16, 8, 8]);
    const at = (skipDropout: number): Tensor =>
      joined(
        built.forward(cellInput([x]), cellInput([x]), { weights: certain, pass: { training, knobs: { skipDropout } } }),
      );
    const [whole, dropped] = [at(0).toArray(), at(P).toArray()];
    store.dispose();
    return { whole, dropped };
  };

  it.each([true, false])('hand on each element times 1 / (1 − p), or 0 (fused: %s)', (fused) => {
    scope(() => {
      const { whole, dropped } = outputs('skip_connect', { fused });
      const gone = dropped.filter((v) => v === 0).length / dropped.length;
      expect(gone).toBeGreaterThan(P - 0.03);
      expect(gone).toBeLessThan(P + 0.03);
      dropped.forEach((v, i) => {
        if (v !== 0) expect(v).toBeCloseTo((whole[i] ?? 0) / (1 - P), 4);
      });
    });
  });

  it.each([
    ['where it is tested', 'skip_connect', { training: false }],
    ['with stride 2, which is no identity', 'skip_connect', { kind: 'reduction' }],
    ['of other operations', 'sep_conv_3x3', {}],
    ['of a derived network', 'skip_connect', { supernet: false }],
  ] as const)('lose nothing %s', (_, op, options) => {
    for (const fused of [true, false])
      scope(() => {
        const { whole, dropped } = outputs(op, { fused, ...options });
        expect(dropped).toEqual(whole);
      });
  });
});
