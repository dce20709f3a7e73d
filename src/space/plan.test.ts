import { describe, expect, it } from 'vitest';
import { dartsPrimitives, derivedPlan, edgeCount, searchPlan } from './index.js';

const primitives = dartsPrimitives.slice(0, 4); // none, max_pool_3x3, avg_pool_3x3, skip_connect

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
    const plan = (op: string, from: number) => () => derivedPlan({ nodes: [[{ op, from }]], concat: [2] });
    expect(plan('sep_conv_9x9', 0)).toThrow('unknown primitive "sep_conv_9x9": did you mean "sep_conv_3x3"?');
    for (const from of [2, -1, 0.5])
      expect(plan('none', from)).toThrow(`node 0 must read a state from 0 to 1, got ${from}`);
    for (const concat of [[3], [-1], [0.5], []])
      expect(() => derivedPlan({ nodes: [[{ op: 'none', from: 0 }]], concat })).toThrow(/Cannot build cell: .*output/);
  });
});
