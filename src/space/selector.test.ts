import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CellGenotype,
  dartsPrimitives,
  dartsSelector,
  derivedPlan,
  edgeCount,
  type Strengths,
  searchPlan,
  selectors,
} from './index.js';

const primitives = dartsPrimitives.slice(0, 4); // none, max_pool_3x3, avg_pool_3x3, skip_connect

/** What the selector makes of these weights: one row per edge. */
const derive = (
  ops: Strengths['ops'],
  { of = primitives, keep = 2, edges }: { of?: typeof dartsPrimitives; keep?: number; edges?: number[] } = {},
): CellGenotype => {
  const nodes = [1, 2, 3, 4, 5].find((n) => edgeCount(n) === ops.length) ?? 0;
  const strengths = edges === undefined ? { ops } : { ops, edges };
  return dartsSelector({ keep }).select(strengths, { plan: searchPlan(of, { nodes }), kind: 'normal' });
};

describe('DARTS’ selector', () => {
  it('keeps the two edges whose best operation weighs most, best first', () => {
    const cell = derive([
      [0.1, 0.5, 0.3, 0.1],
      [0.1, 0.2, 0.1, 0.6],
      [0, 0.3, 0.1, 0.1],
      [0, 0.1, 0.7, 0.1],
      [0, 0.1, 0.1, 0.4],
    ]);
    expect(cell).toEqual({
      nodes: [
        [
          { op: 'skip_connect', from: 1 },
          { op: 'max_pool_3x3', from: 0 },
        ],
        [
          { op: 'avg_pool_3x3', from: 1 },
          { op: 'skip_connect', from: 2 },
        ],
      ],
      concat: [2, 3],
    });
  });

  it('never chooses none, and does not rank an edge by it', () => {
    const rows = [
      [0.9, 0.04, 0.03, 0.03],
      [0.7, 0.1, 0.1, 0.1],
    ];
    expect(derive(rows).nodes).toEqual([
      [
        { op: 'max_pool_3x3', from: 1 },
        { op: 'max_pool_3x3', from: 0 },
      ],
    ]);
  });

  it('gives ties to the earlier operation and the earlier edge', () => {
    const even = Array.from({ length: edgeCount(2) }, () => [0.25, 0.25, 0.25, 0.25]);
    const first = [
      { op: 'max_pool_3x3', from: 0 },
      { op: 'max_pool_3x3', from: 1 },
    ];
    expect(derive(even).nodes).toEqual([first, first]);
  });

  it('always gives two different earlier states a node, and keeps as many as asked', () => {
    const alphas = fc.integer({ min: 1, max: 5 }).chain((nodes) =>
      fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }), {
        minLength: edgeCount(nodes),
        maxLength: edgeCount(nodes),
      }),
    );
    fc.assert(
      fc.property(alphas, fc.integer({ min: 1, max: 3 }), (weights, keep) => {
        const cell = derive(weights, { of: dartsPrimitives, keep });
        expect(edgeCount(cell.nodes.length)).toBe(weights.length);
        for (const [i, edges] of cell.nodes.entries()) {
          expect(edges).toHaveLength(Math.min(keep, i + 2));
          expect(new Set(edges.map((e) => e.from)).size).toBe(edges.length);
          for (const { op, from } of edges) expect(op !== 'none' && from >= 0 && from < i + 2).toBe(true);
        }
        expect(() => derivedPlan(cell)).not.toThrow();
      }),
    );
  });

  it('weights operations by their edges where these have weights', () => {
    const rows = [
      [0, 0.6, 0.2, 0.2],
      [0, 0.4, 0.3, 0.3],
    ];
    expect(derive(rows, { keep: 1 }).nodes).toEqual([[{ op: 'max_pool_3x3', from: 0 }]]);
    expect(derive(rows, { keep: 1, edges: [0.3, 0.7] }).nodes).toEqual([[{ op: 'max_pool_3x3', from: 1 }]]);
  });

  it('is spelled as it is read', () => {
    for (const label of ['darts', 'darts(1)', 'darts(3)']) expect(selectors.read(label).label).toBe(label);
    expect(selectors.read('darts(2)').label).toBe('darts');
    expect(() => selectors.read('darts(0)')).toThrow('must be a whole number >= 1, got 0');
    expect(() => selectors.read('darts(1, 2)')).toThrow('it must be written darts or darts(edges to keep)');
  });
});

describe('other selectors', () => {
  const plan = searchPlan(primitives, { nodes: 2 });
  const skips = [
    [0, 0.1, 0.2, 0.9],
    [0, 0.3, 0.1, 0.6],
    [0, 0.1, 0.1, 0.8],
    [0, 0.4, 0.1, 0.5],
    [0, 0.1, 0.35, 0.2],
  ];
  const opsOf = (cell: CellGenotype) => cell.nodes.map((edges) => edges.map(({ op, from }) => `${op} ${from}`));

  it('maxSkips rules out the weakest skips of a normal cell until few enough are left, and chooses anew', () => {
    const chosen = (most: number, kind: 'normal' | 'reduction') =>
      opsOf(selectors.read(`maxSkips(${most})`).select({ ops: skips }, { plan, kind }));
    const all = [
      ['skip_connect 0', 'skip_connect 1'],
      ['skip_connect 0', 'skip_connect 1'],
    ];
    expect(chosen(4, 'normal')).toEqual(all);
    expect(chosen(1, 'reduction')).toEqual(all);
    // 0.5 goes first: its edge keeps max_pool at 0.4, which is still the second best.
    expect(chosen(2, 'normal')).toEqual([
      ['skip_connect 0', 'max_pool_3x3 1'],
      ['skip_connect 0', 'max_pool_3x3 1'],
    ]);
    expect(chosen(0, 'normal').flat().join()).not.toContain('skip');
    // Where an edge could keep nothing else it keeps its skip, and no node is left without edges.
    const few = searchPlan(
      primitives.filter(({ name }) => ['none', 'skip_connect'].includes(name)),
      { nodes: 2 },
    );
    const bare = [...Array(5).keys()].map((i) => [0.4, 0.6 + i / 100]);
    expect(
      opsOf(selectors.read('maxSkips(2)').select({ ops: bare }, { plan: few, kind: 'normal' })).map((n) => n.length),
    ).toEqual([2, 2]);
    expect(() => selectors.read('maxSkips(-1)')).toThrow('must be a whole number >= 0, got -1');
  });

  it('threshold drops the second edge of a node where it weighs too little, never the first', () => {
    const chosen = (least: number) =>
      opsOf(selectors.read(`threshold(${least})`).select({ ops: skips }, { plan, kind: 'normal' }));
    expect(chosen(0.6)).toEqual([['skip_connect 0', 'skip_connect 1'], ['skip_connect 0']]);
    expect(chosen(1)).toEqual([['skip_connect 0'], ['skip_connect 0']]);
    expect(selectors.read('threshold').label).toBe('threshold(0.85)');
    expect(() => selectors.read('threshold(-1)')).toThrow('the least weight must be >= 0, got -1');
  });
});
