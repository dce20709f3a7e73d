import type { CellGenotype, Genotype } from './genotype.js';
import type { CellPlan } from './plan.js';
import type { SearchSpace } from './search-space.js';

/** A whole number in [0, n), each equally likely. */
export type Draw = (n: number) => number;

/** A cell drawn at random: per node two different inputs, on each an operation of the plan, all but `none`. */
export const randomCell = (plan: CellPlan, draw: Draw): CellGenotype => ({
  nodes: plan.nodes.map((edges) => {
    const left = [...edges];
    const kept = [0, 1].flatMap(() => left.splice(draw(left.length), 1));
    return kept.map(({ from, ops }) => {
      const names = ops.map(({ primitive }) => primitive.name).filter((name) => name !== 'none');
      return { op: names[draw(names.length)] ?? 'none', from };
    });
  }),
  concat: plan.concat,
});

/**
 * A cell of each kind drawn at random, the control of every search: per node two different inputs, on each an operation
 * of the space, all but `none` equally likely. `draw(n)` gives a whole number in [0, n). Throws a RangeError when there
 * is no node.
 */
export const randomGenotype = (
  space: SearchSpace,
  { nodes, draw }: { readonly nodes: number; readonly draw: Draw },
): Genotype => ({
  normal: randomCell(space.plan('normal', { nodes }), draw),
  reduction: randomCell(space.plan('reduction', { nodes }), draw),
});
