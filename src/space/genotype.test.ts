import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dartsPrimitives, derive, derivedPlan, edgeCount, searchPlan } from './index.js';

const primitives = dartsPrimitives.slice(0, 4); // none, max_pool_3x3, avg_pool_3x3, skip_connect

describe('derive', () => {
  it('keeps the two edges whose best operation weighs most, best first', () => {
    const cell = derive(
      [
        [0.1, 0.5, 0.3, 0.1],
        [0.1, 0.2, 0.1, 0.6],
        [0, 0.3, 0.1, 0.1],
        [0, 0.1, 0.7, 0.1],
        [0, 0.1, 0.1, 0.4],
      ],
      { primitives },
    );
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
    expect(derive(rows, { primitives }).nodes).toEqual([
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
    expect(derive(even, { primitives }).nodes).toEqual([first, first]);
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
        const cell = derive(weights, { primitives: dartsPrimitives, keep });
        expect(edgeCount(cell.nodes.length)).toBe(weights.length);
        for (const [i, edges] of cell.nodes.entries()) {
          expect(edges).toHaveLength(Math.min(keep, i + 2));
          expect(new Set(edges.map((e) => e.from)).size).toBe(edges.length);
          for (const { op, from } of edges) expect(op !== 'none' && from >= 0 && from < i + 2).toBe(true);
        }
        expect(() => derivedPlan(cell, { primitives: dartsPrimitives })).not.toThrow();
      }),
    );
  });
});

describe('plans', () => {
  it('number the edges node by node, each by where it comes from', () => {
    const { nodes, concat } = searchPlan(primitives, { nodes: 3 });
    const edges = nodes.flat();
    expect(edges.map((e) => e.row)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(edges.map((e) => e.from)).toEqual([0, 1, 0, 1, 2, 0, 1, 2, 3]);
    expect(edges).toHaveLength(edgeCount(3));
    expect(concat).toEqual([2, 3, 4]);
    expect(edges.every((e) => e.ops.map((o) => o.column).join() === '0,1,2,3')).toBe(true);
  });

  it('refuse a cell that cannot be', () => {
    for (const nodes of [0, -1, 1.5, Number.NaN])
      expect(() => searchPlan(primitives, { nodes })).toThrow(`Cannot build cell: nodes must be >= 1, got ${nodes}`);
    const plan = (op: string, from: number) => () =>
      derivedPlan({ nodes: [[{ op, from }]], concat: [2] }, { primitives });
    expect(plan('conv_9x9', 0)).toThrow('"conv_9x9" is not one of none, max_pool_3x3, avg_pool_3x3, skip_connect');
    for (const from of [2, -1, 0.5])
      expect(plan('none', from)).toThrow(`node 0 must read a state from 0 to 1, got ${from}`);
    for (const concat of [[3], [-1], [0.5], []])
      expect(() => derivedPlan({ nodes: [[{ op: 'none', from: 0 }]], concat }, { primitives })).toThrow(
        /Cannot build cell: .*output/,
      );
  });
});
