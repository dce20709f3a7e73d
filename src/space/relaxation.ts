import { registry } from '../label/index.js';
import type { Pass } from '../nn/index.js';
import { noGrad, reshape, scope, softmax, type Tensor, unbind } from '../tensor/index.js';
import type { CellGenotype } from './genotype.js';
import type { CellPlan } from './plan.js';
import type { SearchSpace } from './search-space.js';
import type { Selector, Strengths } from './selector.js';

/** Architecture parameters of one cell by the relaxation's names for them. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** The weight of each operation on each edge. 0 and 1 as numbers are exact: what weighs 0 is never run. */
export interface OpWeights {
  /** edge: row of alpha; op: column. */
  at(edge: number, op: number): Tensor | 0 | 1;
}

/** What makes the choice of operations differentiable: how operation weights come from architecture parameters. */
export interface Relaxation {
  /** As it is spelled: softmax. */
  readonly label: string;
  /** The parameters that a cell has, by name: { ops: [edges, primitives] }. */
  shapes(plan: CellPlan): Readonly<Record<string, readonly number[]>>;
  /** The weights that a pass is run with; gradients reach alpha through them. */
  weights(alpha: Tensors, pass: Pass): OpWeights;
  /** How much each operation and edge counts, as numbers: what is recorded, and what a selector chooses by. */
  strengths(alpha: Tensors, plan: CellPlan): Strengths;
  /** The cell that alpha stands for. */
  derive(alpha: Tensors, plan: CellPlan, options: { space: SearchSpace; select: Selector }): CellGenotype;
}

const rows = (x: Tensor): number[][] => {
  const [count = 0, columns = 1] = x.shape;
  const all = x.toArray();
  return Array.from({ length: count }, (_, i) => all.slice(i * columns, (i + 1) * columns));
};

const opsOf = ({ ops }: Tensors): Tensor => {
  if (ops === undefined) throw new Error('Cannot relax alpha: its part "ops" is missing');
  return ops;
};

/** A relaxation that maps alpha to weights of the same shape: [edges, primitives] → [edges, primitives]. */
export const relaxation = (label: string, relax: (alpha: Tensor) => Tensor): Relaxation => {
  const strengths = (alpha: Tensors): Strengths => ({ ops: scope(() => noGrad(() => rows(relax(opsOf(alpha))))) });
  return {
    label,
    shapes: ({ nodes }) => {
      const edges = nodes.flat();
      const columns = edges.flatMap(({ ops }) => ops.map(({ column }) => column + 1));
      return { ops: [Math.max(0, ...edges.map(({ row }) => row + 1)), Math.max(0, ...columns)] };
    },
    weights: (alpha) => {
      const [, ops = 1] = opsOf(alpha).shape;
      const weights = unbind(reshape(relax(opsOf(alpha)), [-1])); // edges × ops scalars
      return {
        at: (edge, op) => {
          const weight = weights[edge * ops + op];
          if (weight === undefined)
            throw new Error(`Cannot weight operation ${op} of edge ${edge}: alpha has no such entry`);
          return weight;
        },
      };
    },
    strengths,
    derive: (alpha, plan, { space, select }) => select.select(strengths(alpha), { plan, primitives: space.primitives }),
  };
};

/** DARTS' continuous relaxation: softmax over the operations of each edge (paper, eq 6). */
export const softmaxRelaxation: Relaxation = relaxation('softmax', (alpha) => softmax(alpha));

/** All relaxations by their spelling. */
export const relaxations = registry<Relaxation>('relaxation', {
  softmax: { usage: 'softmax', make: (args) => (args.length === 0 ? softmaxRelaxation : undefined) },
});

/** The weights of a derived network: every operation that is there counts in full. */
export const certain: OpWeights = { at: () => 1 };
