import { numbers, registry } from '../label/index.js';
import type { CellGenotype } from './genotype.js';
import type { CellPlan } from './plan.js';

/** How much operations and edges of a cell count. */
export interface Strengths {
  /** [edges, primitives] */
  readonly ops: readonly (readonly number[])[];
  /** [edges]; where it is missing, every edge counts the same. */
  readonly edges?: readonly number[];
}

/** Chooses a cell by the strengths of its operations. */
export interface Selector {
  /** As it is spelled: darts, darts(1). */
  readonly label: string;
  /** `primitives` are the columns of the strengths. */
  select(
    strengths: Strengths,
    options: { readonly plan: CellPlan; readonly primitives: readonly { readonly name: string }[] },
  ): CellGenotype;
}

/**
 * DARTS' rule: a node keeps the `keep` edges whose best operation counts most, and that operation. `none` is never
 * chosen, nor does it count for an edge. Ties go to the earlier edge and operation. Throws a RangeError unless `keep`
 * is a whole number from 1 on.
 */
export const dartsSelector = ({ keep = 2 }: { keep?: number } = {}): Selector => {
  if (!Number.isInteger(keep) || keep < 1)
    throw new RangeError(`Cannot select edges: the number to keep must be a whole number >= 1, got ${keep}`);
  return {
    label: keep === 2 ? 'darts' : `darts(${keep})`,
    select: ({ ops: weights, edges: edgeWeights }, { plan, primitives }) => ({
      nodes: plan.nodes.map((edges) => {
        const candidates = edges.map(({ from, row, ops }) => {
          let best = { op: '', weight: Number.NEGATIVE_INFINITY };
          for (const { column } of ops) {
            const op = primitives[column]?.name ?? 'none';
            const weight = (weights[row]?.[column] ?? Number.NEGATIVE_INFINITY) * (edgeWeights?.[row] ?? 1);
            if (op !== 'none' && weight > best.weight) best = { op, weight };
          }
          return { from, ...best };
        });
        const kept = candidates
          .filter(({ op }) => op !== '')
          .sort((a, b) => b.weight - a.weight)
          .slice(0, keep);
        return kept.map(({ op, from }) => ({ op, from }));
      }),
      concat: plan.concat,
    }),
  };
};

/** All selectors by their spelling. */
export const selectors = registry<Selector>('selector', {
  darts: {
    usage: 'darts or darts(edges to keep)',
    make: (args) => {
      const [keep] = numbers(args, 0, 1) ?? [Number.NaN];
      if (keep === undefined) return dartsSelector();
      return Number.isNaN(keep) ? undefined : dartsSelector({ keep });
    },
  },
});
