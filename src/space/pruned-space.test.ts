import { describe, expect, it } from 'vitest';
import { dartsSelector, dartsSpace, dropWeakest, inColumnsOf, maxSkips, prunedSpace } from './index.js';

const nodes = 1; // two edges
const names = dartsSpace.primitives.map(({ name }) => name);

/** The names on each edge of a plan, and the columns beside them. */
const namesOn = (space: typeof dartsSpace, component = 'backbone') =>
  space
    .plan('normal', { nodes, component })
    .nodes.flatMap((edges) =>
      edges.map(({ ops }) => ops.map(({ primitive, column }) => `${column} ${primitive.name}`)),
    );

describe('two stages of P-DARTS by hand', () => {
  // none, max, avg, skip, sep3, sep5, dil3, dil5
  const first = {
    backbone: {
      normal: [
        [0.3, 0.01, 0.02, 0.2, 0.15, 0.14, 0.03, 0.15],
        [0.01, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.39],
      ],
    },
  };
  const kept = dropWeakest(first, { space: dartsSpace, kept: {}, nodes, drop: 3 });

  it('drop the three weakest of each edge, the earlier one of equals', () => {
    expect(kept).toEqual({
      backbone: {
        normal: [
          ['none', 'skip_connect', 'sep_conv_3x3', 'sep_conv_5x5', 'dil_conv_5x5'],
          ['skip_connect', 'sep_conv_3x3', 'sep_conv_5x5', 'dil_conv_3x3', 'dil_conv_5x5'],
        ],
      },
    });
    const stage = prunedSpace(dartsSpace, kept);
    expect(namesOn(stage)).toEqual([
      ['0 none', '1 skip_connect', '2 sep_conv_3x3', '3 sep_conv_5x5', '4 dil_conv_5x5'],
      ['0 skip_connect', '1 sep_conv_3x3', '2 sep_conv_5x5', '3 dil_conv_3x3', '4 dil_conv_5x5'],
    ]);
    expect(stage.primitives.map(({ name }) => name)).toEqual(names);
    expect(namesOn(stage, 'instance')[0]).toHaveLength(8); // nothing was said of it
  });

  it('then two of those that are left, whatever stands in the columns of the others', () => {
    // Columns of the stage: its records are brought to those of the space first.
    const own = [
      [0.1, 0.4, 0.2, 0.05, 0.25],
      [0.5, 0.2, 0.1, 0.15, 0.05],
    ];
    const plan = prunedSpace(dartsSpace, kept).plan('normal', { nodes, component: 'backbone' });
    const wide = inColumnsOf(dartsSpace, { plan, ops: own });
    expect(wide).toEqual([
      [0.1, 0, 0, 0.4, 0.2, 0.05, 0, 0.25],
      [0, 0, 0, 0.5, 0.2, 0.1, 0.15, 0.05],
    ]);
    const last = dropWeakest({ backbone: { normal: wide } }, { space: dartsSpace, kept, nodes, drop: 2 });
    expect(last.backbone?.normal).toEqual([
      ['skip_connect', 'sep_conv_3x3', 'dil_conv_5x5'],
      ['skip_connect', 'sep_conv_3x3', 'dil_conv_3x3'],
    ]);
  });

  it('end in a cell by the columns of the last stage, its skips restricted', () => {
    const last = {
      backbone: {
        normal: [
          ['none', 'skip_connect', 'sep_conv_5x5'],
          ['skip_connect', 'dil_conv_3x3', 'max_pool_3x3'],
        ],
      },
    };
    const plan = prunedSpace(dartsSpace, last).plan('normal', { nodes, component: 'backbone' });
    // max_pool comes before skip_connect in the space: columns of the second edge are max, skip, dil.
    const strengths = {
      ops: [
        [0.6, 0.3, 0.1],
        [0.1, 0.7, 0.2],
      ],
    };
    const cells = [dartsSelector(), maxSkips(1)].map(
      (selector) => selector.select(strengths, { plan, kind: 'normal' }).nodes[0],
    );
    expect(cells[0]).toEqual([
      { op: 'skip_connect', from: 1 },
      { op: 'skip_connect', from: 0 },
    ]);
    expect(cells[1]).toEqual([
      { op: 'skip_connect', from: 1 },
      { op: 'sep_conv_5x5', from: 0 },
    ]);
  });

  it('leave at least two operations', () => {
    const drop = (n: number) => dropWeakest(first, { space: dartsSpace, kept, nodes, drop: n });
    expect(drop(3).backbone?.normal?.[0]).toHaveLength(2);
    expect(() => drop(4)).toThrow('an edge must keep at least 2, one would keep 1');
  });
});

describe('columns of a space', () => {
  it('are those of its own plans', () => {
    const ops = [names.map((_, i) => i), names.map((_, i) => -i)];
    expect(inColumnsOf(dartsSpace, { plan: dartsSpace.plan('normal', { nodes }), ops })).toEqual(ops);
  });
});
