import { dartsSelector, type Selector, strengthAt } from './selector.js';

/**
 * FairDARTS' rule (Chu et al. 2020): DARTS' edges, without those whose best operation weighs less than `least`. The
 * strongest edge of a node stays whatever it weighs: with none at all, as the authors allow, a cell may be cut in two
 * and its network answer nothing. Throws a RangeError unless `least` is a number >= 0.
 */
export const threshold = (least = 0.85): Selector => {
  if (!(least >= 0)) throw new RangeError(`Cannot select edges: the least weight must be >= 0, got ${least}`);
  const darts = dartsSelector();
  return {
    label: `threshold(${least})`,
    select: (strengths, options) => {
      const cell = darts.select(strengths, options);
      const weightOf = (node: number, { op, from }: { op: string; from: number }): number => {
        const edge = options.plan.nodes[node]?.find((e) => e.from === from);
        const column = edge?.ops.find(({ primitive }) => primitive.name === op)?.column;
        return edge === undefined || column === undefined ? 0 : strengthAt(strengths, { row: edge.row, column });
      };
      return {
        ...cell,
        nodes: cell.nodes.map((kept, node) => kept.filter((one, i) => i === 0 || weightOf(node, one) >= least)),
      };
    },
  };
};
