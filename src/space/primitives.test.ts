import { describe, expect, it } from 'vitest';
import { batchNormLayer, convWeight, ParameterStore, type Pass } from '../nn/index.js';
import { channelsLast, grad, mul, randn, rng, scope, sum, type Tensor, zeros } from '../tensor/index.js';
import {
  type Branch,
  cell,
  cellInput,
  dartsPrimitives,
  joined,
  none,
  openSource,
  type Primitive,
  type Stage,
  searchPlan,
  sepConv7x7,
  softmaxRelaxation,
  type Work,
} from './index.js';

const pass: Pass = { training: true, knobs: {} };

const build = (
  primitive: Primitive,
  { channels, stride, fused }: { channels: number; stride: 1 | 2; fused: boolean },
) => {
  const store = new ParameterStore({ fused });
  const place = store.component('c');
  const op = primitive.build({
    store: place.child('op'),
    sourceStore: place.child('source'),
    channels,
    stride,
    supernet: true,
  });
  return { store: store.allocate(), op };
};

/** What an operation makes of x, whichever way it goes. */
const branchOf = (op: readonly Stage[], x: Tensor, fused: boolean): Branch =>
  openSource([x], [op], { fused, pass }).branch(op);

describe.each([true, false])('primitives, fused: %s', (fused) => {
  for (const primitive of [...dartsPrimitives, sepConv7x7].filter((p) => p !== none))
    it(`${primitive.name} keeps the image, or halves it upwards, of any size and number of channels`, () => {
      for (const stride of [1, 2] as const)
        for (const size of [7, 8, 9])
          scope(() => {
            const { op } = build(primitive, { channels: 3, stride, fused });
            const branch = branchOf(op, randn([2, 3, size, size + 2]), fused);
            const expected = [2, 3, Math.ceil(size / stride), Math.ceil((size + 2) / stride)];
            expect(branch.raw.shape).toEqual(expected);
            expect(branch.norm?.apply(branch.raw, pass).shape ?? expected).toEqual(expected);
          });
    });

  it('none gives nothing and owns nothing', () => {
    scope(() => {
      const { op, store } = build(none, { channels: 3, stride: 2, fused });
      expect(op).toEqual([]);
      expect(() => branchOf(op, zeros([1, 3, 8, 8]), fused)).toThrow('Cannot run operation');
      expect([store.parameters.length, store.buffers.size]).toEqual([0, 0]);
    });
  });
});

const blur = (read: 'x' | 'relu') => ({ kind: 'custom', run: (source) => mul(source[read], 0.5) }) satisfies Work;

describe('a primitive of a user’s own', () => {
  /**
   * Two normed stages, the middle one or both their own: what a fused cell and a plain one make of it, with its
   * gradient.
   */
  const own = (work: readonly ('blur x' | 'blur relu' | 'pointwise')[]): Primitive => ({
    name: 'own',
    build: ({ store, channels }) =>
      work.map((kind, i) => {
        const place = store.child(i);
        const norm = batchNormLayer(place.child('norm'), { channels, affine: i === 1 });
        if (kind !== 'pointwise') return { work: blur(kind === 'blur x' ? 'x' : 'relu'), norm };
        return { work: { kind, weight: convWeight(place, { input: channels, output: channels, kernel: 1 }) }, norm };
      }),
  });

  it.each([
    [['blur x']],
    [['blur relu']],
    [['pointwise', 'blur x']],
    [['pointwise', 'blur relu']],
    [['blur x', 'pointwise']],
    [['pointwise', 'pointwise', 'blur x']],
  ] as const)('runs in plain operators beside fused ones: %j', (kinds) => {
    const [fused, plain] = [true, false].map((way) =>
      scope(() => {
        rng.seed(6);
        const store = new ParameterStore({ fused: way });
        const plan = searchPlan([own(kinds), sepConv7x7, ...dartsPrimitives.slice(1, 4)], { nodes: 2 });
        const built = cell(store.component('c'), plan, {
          kind: 'normal',
          channels: 4,
          inputs: [4, 4],
          afterReduction: false,
          supernet: true,
        });
        store.allocate();
        const [x, alpha] = [channelsLast(randn([2, 4, 6, 6])).requireGrad(), randn([5, 5]).requireGrad()];
        const weights = softmaxRelaxation.weights({ ops: alpha }, { plan, pass });
        const y = joined(built.forward(cellInput([x]), cellInput([x]), { weights, pass }));
        const g = randn([2, 8, 6, 6]);
        const all = [y, ...grad(sum(mul(y, g)), [x, alpha, ...store.leaves], { unused: 'zeros' })];
        return [...all, ...[...store.buffers.values()]].map((t) => t.toArray());
      }),
    );
    for (const [i, values] of (plain ?? []).entries())
      for (const [k, v] of values.entries()) expect(Math.abs(v - (fused?.[i]?.[k] ?? Number.NaN))).toBeLessThan(2e-3);
  });
});
