import type { CellGenotype } from './genotype.js';
import { dartsSelector, type Selector, strengthAt } from './selector.js';

const SKIP = 'skip_connect';

/**
 * P-DARTS' restriction (Chen et al. 2019): a normal cell keeps at most `most` skip connections. While it has more, the
 * weakest is excluded, and the cell is chosen again by DARTS' rule. An edge that could keep nothing else stays. Throws
 * a RangeError unless `most` is a whole number from 0 on.
 */
export const maxSkips = (most = 2): Selector => {
  if (!Number.isInteger(most) || most < 0)
    throw new RangeError(`Cannot select edges: the most skip connections must be a whole number >= 0, got ${most}`);
  const darts = dartsSelector();
  return {
    label: `maxSkips(${most})`,
    select: (strengths, options) => {
      let now = strengths;
      for (;;) {
        const cell = darts.select(now, options);
        const skips = skipsOf(cell);
        const kept = skips.flatMap(({ node, from }) => {
          const edge = options.plan.nodes[node]?.find((e) => e.from === from);
          const op = edge?.ops.find(({ primitive }) => primitive.name === SKIP);
          const others = edge?.ops.some(({ primitive }) => primitive.name !== SKIP && primitive.name !== 'none');
          return edge === undefined || op === undefined || !others ? [] : [{ row: edge.row, column: op.column }];
        });
        const [weakest] = kept.sort((a, b) => strengthAt(now, a) - strengthAt(now, b));
        if (options.kind !== 'normal' || skips.length <= most || weakest === undefined) return cell;
        const ops = now.ops.map((row, i) =>
          i === weakest.row ? row.with(weakest.column, Number.NEGATIVE_INFINITY) : row,
        );
        now = { ...now, ops };
      }
    },
  };
};

/** The skip connections of a cell, by node and state. */
export const skipsOf = ({ nodes }: CellGenotype): { readonly node: number; readonly from: number }[] =>
  nodes.flatMap((edges, node) => edges.filter(({ op }) => op === SKIP).map(({ from }) => ({ node, from })));
