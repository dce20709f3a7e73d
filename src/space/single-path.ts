import { noGrad } from '../tensor/index.js';
import type { CellGenotype } from './genotype.js';
import type { CellPlan } from './plan.js';
import { opShapes, opsOf, type Relaxation, rows } from './relaxation.js';

/**
 * What one architecture looks like as alpha: 1 where it has an operation on an edge, else 0. [edges, primitives].
 * Throws a RangeError where the plan has no such operation.
 */
export const pathOf = ({ nodes }: CellGenotype, plan: CellPlan): number[][] => {
  const [edges = 0, primitives = 0] = opShapes(plan)['ops'] ?? [];
  const path = Array.from({ length: edges }, () => new Array<number>(primitives).fill(0));
  for (const [i, node] of nodes.entries())
    for (const { op, from } of node) {
      const edge = plan.nodes[i]?.find((own) => own.from === from);
      const column = edge?.ops.find(({ primitive }) => primitive.name === op)?.column;
      const row = edge === undefined ? undefined : path[edge.row];
      if (row === undefined || column === undefined)
        throw new RangeError(`Cannot take path: node ${i} must have ${op} from state ${from}, the space has not`);
      row[column] = 1;
    }
  return path;
};

/**
 * Runs one architecture of the supernet and nothing else: alpha is no parameter that learns, it says with 1 which
 * operations are on (`pathOf`). So a checkpoint holds the architecture, and DARTS' rule reads it from alpha. Unlike
 * GDAS' `sampled`, which runs one operation on every edge, edges that are not of the architecture do not run.
 */
export const singlePathRelaxation: Relaxation = {
  label: 'singlePath',
  start: 'zeros',
  shapes: opShapes,
  weights: (alpha) => {
    const on = noGrad(() => rows(opsOf(alpha)));
    return { at: (edge, op) => (on[edge]?.[op] === 1 ? 1 : 0) };
  },
  strengths: (alpha) => ({ ops: noGrad(() => rows(opsOf(alpha))) }),
};
