import { describe, expect, it } from 'vitest';
import type { BatchNorm, Pass } from '../nn/index.js';
import { add, grad, mul, noGrad, ones, randn, rng, scope, sum, type Tensor, tensor } from '../tensor/index.js';
import { type Branch, dartsPrimitives, type OpWeights, searchPlan, softmaxRelaxation, sumBranches } from './index.js';

const pass: Pass = { training: true, knobs: {} };
const plan = searchPlan(dartsPrimitives, { nodes: 2 });

const tensorAt = (weights: OpWeights, op: number, edge = 0): Tensor => {
  const weight = weights.at(edge, op);
  if (typeof weight === 'number') throw new Error('a softmax gives tensors');
  return weight;
};

describe('sumBranches', () => {
  it('is Σ weight · BN(raw), in value and gradient', () => {
    rng.seed(1);
    scope(() => {
      const raws = [0, 1, 2, 3].map(() => randn([2, 3, 4, 4], { dtype: 'float64' }).requireGrad());
      const alpha = tensor([[0.5, -1, 2, 0.25]], { dtype: 'float64' }).requireGrad();
      const norm: BatchNorm = {
        apply: (x, _pass, scale) => (scale === undefined ? mul(x, 3) : mul(mul(x, 3), scale)),
        state: () => {
          throw new Error('the plain sum must not ask how the fused one normalises');
        },
      };
      const weights = softmaxRelaxation.weights({ ops: alpha }, { plan, pass });
      const branch = (raw: Tensor, i: number): Branch => (i % 2 === 0 ? { raw, norm } : { raw });
      const g = randn([2, 3, 4, 4], { dtype: 'float64' });
      const terms = raws.map((raw, i) => ({
        branch: branch(raw, i),
        weight: i === 3 ? (1 as const) : tensorAt(weights, i),
      }));
      const naive = raws
        .map((raw, i) => (i === 3 ? raw : mul(mul(raw, i % 2 === 0 ? 3 : 1), tensorAt(weights, i))))
        .reduce((a, b) => add(a, b));
      const ours = sumBranches(terms, { fused: false, pass, training: true });
      if (ours === undefined) throw new Error('there are four branches');
      const of = (x: Tensor) => [x, ...grad(sum(mul(x, g)), [...raws, alpha], { retainGraph: true })];
      const [a, b] = [of(ours), of(naive)];
      for (const [i, x] of a.entries())
        for (const [k, v] of x.toArray().entries()) expect(v).toBeCloseTo(b[i]?.toArray()[k] ?? Number.NaN, 10);
    });
  });

  it('of nothing is nothing, and of one branch that branch', () => {
    scope(() => {
      const raw = ones([1, 1, 2, 2]);
      expect(sumBranches([], { fused: true, pass, training: true })).toBeUndefined();
      expect(sumBranches([{ branch: { raw }, weight: 1 }], { fused: true, pass, training: true })).toBe(raw);
    });
  });
});

describe('softmaxRelaxation', () => {
  it('gives every edge weights that sum to 1, and refuses an entry that alpha lacks', () => {
    scope(() => {
      const weights = noGrad(() => softmaxRelaxation.weights({ ops: mul(randn([5, 8]), 3) }, { plan, pass }));
      for (let edge = 0; edge < 5; edge++) {
        const row = Array.from({ length: 8 }, (_, op) => tensorAt(weights, op, edge).item());
        expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
        expect(Math.min(...row)).toBeGreaterThan(0);
      }
      expect(() => weights.at(5, 0)).toThrow('Cannot weight operation 0 of edge 5: alpha has no such entry');
    });
  });
});
