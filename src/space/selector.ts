import type { CellGenotype } from './genotype.js';
import type { CellKind, CellPlan } from './plan.js';

/** How much operations and edges of a cell count. */
export interface Strengths {
  /** [edges, primitives] */
  readonly ops: readonly (readonly number[])[];
  /** [edges]; where it is missing, every edge counts the same. */
  readonly edges?: readonly number[];
}

/** How much an operation on an edge counts, its edge included. What has no strength is never chosen. */
export const strengthAt = ({ ops, edges }: Strengths, { row, column }: { row: number; column: number }): number =>
  (ops[row]?.[column] ?? Number.NEGATIVE_INFINITY) * (edges?.[row] ?? 1);

/** Chooses a cell by the strengths of its operations. */
export interface Selector {
  /** As it is spelled: darts, darts(1). */
  readonly label: string;
  /** The columns of the strengths are those of the plan's operations. */
  select(strengths: Strengths, options: { readonly plan: CellPlan; readonly kind: CellKind }): CellGenotype;
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
    select: (strengths, { plan }) => ({
      nodes: plan.nodes.map((edges) => {
        const candidates = edges.map(({ from, row, ops }) => {
          let best = { op: '', weight: Number.NEGATIVE_INFINITY };
          for (const { column, primitive } of ops) {
            const op = primitive.name;
            const weight = strengthAt(strengths, { row, column });
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
