import type { CellKind } from './plan.js';
import type { OpWeights } from './relaxation.js';
import type { Strengths } from './selector.js';

/** A cell of a component, and an operation on one of its edges. */
export interface OpPlace {
  readonly component: string;
  readonly kind: CellKind;
  readonly row: number;
  readonly column: number;
}

/**
 * The decisions on a cell: 1 for an operation that is kept, 0 for one that is not, undefined where alpha still decides
 * (DARTS-PT; Wang et al. 2021).
 */
export type Projection = (place: OpPlace) => 0 | 1 | undefined;

type Cell = Pick<OpPlace, 'component' | 'kind'>;

/** Operation weights with what is decided in them. An operation that is kept weighs what its edge weighs. */
export const projectedWeights = (inner: OpWeights, of: Projection, cell: Cell): OpWeights => ({
  ...inner,
  at: (row, column) => {
    const decided = of({ ...cell, row, column });
    if (decided === undefined) return inner.at(row, column);
    return decided === 1 ? (inner.edge?.(row) ?? 1) : 0;
  },
});

/** Strengths with what is decided in them. */
export const projectedStrengths = (inner: Strengths, of: Projection, cell: Cell): Strengths => ({
  ...inner,
  ops: inner.ops.map((ops, row) => ops.map((weight, column) => of({ ...cell, row, column }) ?? weight)),
});
