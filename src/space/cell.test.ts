import { describe, expect, it } from 'vitest';
import { ParameterStore, type Pass } from '../nn/index.js';
import { mul, randn, rng, scope, type Tensor } from '../tensor/index.js';
import {
  cell,
  cellInput,
  dartsPrimitives,
  joined,
  type OpWeights,
  type Primitive,
  searchPlan,
  softmaxRelaxation,
} from './index.js';

const pass: Pass = { training: true, knobs: {} };

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
  const run = (x: Tensor, weights: OpWeights): Tensor =>
    joined(built.forward(cellInput([x]), cellInput([x]), { weights, pass }));
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
      const output = () =>
        joined(
          built.forward(cellInput([randn([2, 4, 6, 6])]), cellInput([randn([2, 4, 6, 6])]), { weights: one, pass }),
        );
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
      const weights = softmaxRelaxation.weights(
        { ops: randn([5, 8]) },
        { plan: searchPlan(dartsPrimitives, { nodes: 2 }), pass },
      );
      expect(run(x, weights).shape).toEqual([2, 10, 5, 4]);
    });
  });
});
