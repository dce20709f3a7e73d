import { describe, expect, it } from 'vitest';
import { type BatchNorm, batchNorm, convWeight, ParameterStore, type Pass } from '../nn/index.js';
import {
  add,
  channelsLast,
  grad,
  mul,
  noGrad,
  ones,
  randn,
  rng,
  scope,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../tensor/index.js';
import {
  type Branch,
  cell,
  dartsPrimitives,
  joined,
  none,
  type OpWeights,
  openSource,
  type Primitive,
  type Stage,
  searchPlan,
  sepConv7x7,
  softmaxRelaxation,
  sumBranches,
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
        const norm = batchNorm(place.child('norm'), { channels, affine: i === 1 });
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
        const weights = softmaxRelaxation.weights({ ops: alpha }, pass);
        const y = joined(built.forward([x], [x], { weights, pass }));
        const g = randn([2, 8, 6, 6]);
        const all = [y, ...grad(sum(mul(y, g)), [x, alpha, ...store.leaves], { unused: 'zeros' })];
        return [...all, ...[...store.buffers.values()]].map((t) => t.toArray());
      }),
    );
    for (const [i, values] of (plain ?? []).entries())
      for (const [k, v] of values.entries()) expect(Math.abs(v - (fused?.[i]?.[k] ?? Number.NaN))).toBeLessThan(2e-3);
  });
});

const gate = (rows: number[][]): OpWeights => ({ at: (edge, op) => (rows[edge]?.[op] === 1 ? 1 : 0) });

/** A primitive that says when it is run, and doubles. */
const spy = (name: string, calls: string[]): Primitive => ({
  name,
  build: () => [
    {
      work: {
        kind: 'custom',
        run: ({ x }) => {
          calls.push(name);
          return mul(x, 2);
        },
      },
    },
  ],
});

const makeCell = (
  primitives: readonly Primitive[],
  {
    nodes = 2,
    channels = 4,
    kind = 'normal',
  }: { nodes?: number; channels?: number; kind?: 'normal' | 'reduction' } = {},
) => {
  const store = new ParameterStore();
  const built = cell(store.component('c'), searchPlan(primitives, { nodes }), {
    kind,
    channels,
    inputs: [channels, channels],
    afterReduction: false,
    supernet: true,
  });
  /** The output for two equal inputs, in one tensor. */
  const run = (x: Tensor, weights: OpWeights): Tensor => joined(built.forward([x], [x], { weights, pass }));
  return { store: store.allocate(), run };
};

describe('a cell', () => {
  it('runs only what has a weight: with 0 and 1 an absent operation costs nothing', () => {
    scope(() => {
      const calls: string[] = [];
      const { run } = makeCell([spy('a', calls), spy('b', calls)]);
      const x = randn([2, 4, 8, 8]);
      const weights = gate([
        [1, 0],
        [0, 1],
        [0, 0],
        [0, 1],
        [1, 0],
      ]);
      expect(run(x, weights).shape).toEqual([2, 8, 8, 8]);
      expect(calls).toEqual(['a', 'b', 'b', 'a']);
    });
  });

  it('gives zeros of the right size for a node without operations', () => {
    scope(() => {
      for (const [kind, size] of [
        ['normal', 7],
        ['reduction', 4],
      ] as const) {
        const { run } = makeCell(dartsPrimitives, { kind });
        const x = randn([2, 4, 7, 7]);
        const out = run(x, gate([]));
        expect(out.shape).toEqual([2, 8, size, size]);
        expect(out.toArray().every((v) => v === 0)).toBe(true);
      }
    });
  });

  it('of operations that count exactly 1 is the same fused and plain, pools and skips included', () => {
    // One operation an edge, each of the eight at least once: what a method that samples operations asks for.
    const one = gate(
      Array.from({ length: 9 }, (_, edge) => Array.from({ length: 8 }, (_op, op) => (op === edge % 8 ? 1 : 0))),
    );
    const [fused, plain] = [true, false].map((way) => {
      rng.seed(4);
      const store = new ParameterStore({ fused: way });
      const built = cell(store.component('c').child('cell'), searchPlan(dartsPrimitives, { nodes: 3 }), {
        kind: 'normal',
        channels: 4,
        inputs: [4, 4],
        afterReduction: false,
        supernet: true,
      });
      store.allocate();
      const output = () => joined(built.forward([randn([2, 4, 6, 6])], [randn([2, 4, 6, 6])], { weights: one, pass }));
      return scope(() => output().toArray());
    });
    for (const [i, v] of (fused ?? []).entries()) expect(Math.abs(v - (plain?.[i] ?? Number.NaN))).toBeLessThan(1e-4);
  });

  it('moves the running statistics of a pool once a pass, though many edges read it', () => {
    scope(() => {
      const pools = dartsPrimitives.filter((p) => p.name.includes('pool'));
      const { store, run } = makeCell(pools, { nodes: 3 });
      const x = randn([4, 4, 8, 8]);
      const all: OpWeights = { at: () => 1 };
      run(x, all);
      const variances = [...store.buffers].filter(([name]) => name.includes('pool') && name.endsWith('var'));
      expect(variances).toHaveLength(2 * 4); // two pools of states 0 to 3
      const mean = (t: Tensor | undefined) => t?.toArray() ?? [];
      // A source is normalised, so a pool's batch statistics at pass 1 and 2 are the same: v1 = 0.9 + 0.1 s, v2 = 0.9
      // v1 + 0.1 s.
      const first = variances.map(([, t]) => mean(t));
      run(x, all);
      for (const [i, [name, t]] of variances.entries())
        for (const [c, v2] of mean(t).entries()) {
          const v1 = first[i]?.[c] ?? Number.NaN;
          const batch = (v1 - 0.9) / 0.1;
          expect(batch, name).toBeGreaterThan(0);
          expect(v2, name).toBeCloseTo(0.9 * v1 + 0.1 * batch, 4);
        }
    });
  });

  it('works with an odd number of channels and odd images', () => {
    scope(() => {
      const { run } = makeCell(dartsPrimitives, { channels: 5, kind: 'reduction' });
      const x = randn([2, 5, 9, 7]);
      const weights = softmaxRelaxation.weights({ ops: randn([5, 8]) }, pass);
      expect(run(x, weights).shape).toEqual([2, 10, 5, 4]);
    });
  });
});

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
      const weights = softmaxRelaxation.weights({ ops: alpha }, pass);
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
      const weights = noGrad(() => softmaxRelaxation.weights({ ops: mul(randn([5, 8]), 3) }, pass));
      for (let edge = 0; edge < 5; edge++) {
        const row = Array.from({ length: 8 }, (_, op) => tensorAt(weights, op, edge).item());
        expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
        expect(Math.min(...row)).toBeGreaterThan(0);
      }
      expect(() => weights.at(5, 0)).toThrow('Cannot weight operation 0 of edge 5: alpha has no such entry');
    });
  });
});
