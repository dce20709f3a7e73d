import { describe, expect, it } from 'vitest';
import { collapseTexts, skipShares } from './skips.js';

const cellOf = (...ops: string[]) => ({
  nodes: [ops.slice(0, 2), ops.slice(2)].map((node) => node.map((op, from) => ({ op, from }))),
  concat: [2, 3],
});
const [skip, conv] = ['skip_connect', 'sep_conv_3x3'];

describe('skip connections of cells', () => {
  it('are counted of every cell that has edges', () => {
    const normal = cellOf(skip, conv, skip, skip);
    expect(skipShares({ backbone: { normal }, instance: { normal: { nodes: [], concat: [0] } } })).toEqual([
      { cell: 'backbone, normal cell', kind: 'normal', skips: 3, edges: 4, share: 0.75 },
    ]);
  });

  it('are told of where they are more than half of the edges', () => {
    const told = collapseTexts(
      { backbone: { normal: cellOf(skip, skip, conv, skip), reduction: cellOf(skip, skip, conv, conv) } },
      { selector: 'darts' },
    );
    expect(told).toEqual([expect.stringMatching(/^backbone, normal cell: 3 of its 4 edges are skip connections/)]);
  });

  it('are told of with flags that the search has, and that are about such cells', () => {
    const cells = { backbone: { normal: cellOf(skip, skip, skip, skip), reduction: cellOf(skip, skip, skip, skip) } };
    const flags = (options: Readonly<Record<string, unknown>>) =>
      collapseTexts(cells, options).map((text) => text.includes('--stop skips'));
    expect(flags({ selector: 'darts' })).toEqual([true, false]);
    expect(flags({ population: 50 })).toEqual([false, false]);
  });
});
