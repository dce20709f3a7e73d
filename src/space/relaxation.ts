import type { Pass } from '../nn/index.js';
import { noGrad, reshape, scope, type Tensor, unbind } from '../tensor/index.js';
import { perturbed } from './perturbation.js';
import type { CellPlan } from './plan.js';
import type { Strengths } from './selector.js';

/** Architecture parameters of one cell by the relaxation's names for them. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** The weight of each operation on each edge. 0 and 1 as numbers are exact: what weighs 0 is never run. */
export interface OpWeights {
  /** edge: row of alpha; op: column. */
  at(edge: number, op: number): Tensor | 0 | 1;
  /** The weight of an edge itself, which is within its operations' weights already; 1 unless said. */
  edge?(edge: number): Tensor;
}

/** What makes the choice of operations differentiable: how operation weights come from architecture parameters. */
export interface Relaxation {
  /** As it is spelled: softmax. */
  readonly label: string;
  /** The parameters that a cell has, by name: { ops: [edges, primitives] }. */
  shapes(plan: CellPlan): Readonly<Record<string, readonly number[]>>;
  /** How alpha starts: 1e-3 · randn as in DARTS unless said. */
  readonly start?: 'zeros';
  /** Whether weights are drawn for each training pass. */
  readonly samples?: boolean;
  /** The schedules that it reads from `pass.knobs`: temperature, perturbation. */
  readonly knobs?: readonly string[];
  /** The weights that a pass is run with; gradients reach alpha through them. */
  weights(alpha: Tensors, at: { readonly plan: CellPlan; readonly pass: Pass }): OpWeights;
  /** How much each operation and edge counts, as numbers: what is recorded, and what a selector chooses by. */
  strengths(alpha: Tensors, plan: CellPlan): Strengths;
  /** The extra term of alpha's loss, a scalar. ops: of all cells that move, [edges, primitives] each. */
  penalty?(ops: readonly Tensor[]): Tensor;
}

/** A matrix as rows of numbers; a vector as one row. */
export const rows = (x: Tensor): number[][] => {
  const columns = x.shape.at(-1) ?? 1;
  const all = x.toArray();
  return Array.from({ length: all.length / columns }, (_, i) => all.slice(i * columns, (i + 1) * columns));
};

/** The parameters of operations, [edges, primitives]. Throws when there are none. */
export const opsOf = ({ ops }: Tensors): Tensor => {
  if (ops === undefined) throw new Error('Cannot relax alpha: its part "ops" is missing');
  return ops;
};

/** One parameter per operation and edge: { ops: [edges, primitives] }. */
export const opShapes: Relaxation['shapes'] = ({ nodes }) => {
  const edges = nodes.flat();
  const columns = edges.flatMap(({ ops }) => ops.map(({ column }) => column + 1));
  return { ops: [Math.max(0, ...edges.map(({ row }) => row + 1)), Math.max(0, ...columns)] };
};

/** Operation weights of a matrix. weights: [edges, primitives] */
export const fromMatrix = (weights: Tensor): OpWeights => {
  const [, ops = 1] = weights.shape;
  const scalars = unbind(reshape(weights, [-1]));
  return {
    at: (edge, op) => {
      const weight = scalars[edge * ops + op];
      if (weight === undefined)
        throw new Error(`Cannot weight operation ${op} of edge ${edge}: alpha has no such entry`);
      return weight;
    },
  };
};

/** What a relaxation by a matrix has in addition to its formula. */
interface MatrixOptions extends Pick<Relaxation, 'start' | 'samples' | 'penalty'> {
  readonly knobs?: readonly string[];
  /** The weights that a network without sampling has, where `relax` draws. */
  readonly expected?: (alpha: Tensor) => Tensor;
  /** The weights of an edge add up to 1, so that they can be perturbed and still do. */
  readonly simplex?: boolean;
}

const plain: Pass = { training: false, knobs: {} };

/**
 * A relaxation that maps alpha to weights of the same shape: [edges, primitives] → [edges, primitives]. Cells are
 * derived from `expected`, or from `relax` without knobs.
 */
export const relaxation = (
  label: string,
  relax: (alpha: Tensor, pass: Pass) => Tensor,
  { expected = (alpha) => relax(alpha, plain), simplex = false, knobs = [], ...more }: MatrixOptions = {},
): Relaxation => ({
  ...more,
  label,
  knobs: simplex ? [...knobs, 'perturbation'] : knobs,
  shapes: opShapes,
  weights: (alpha, { pass }) => {
    const matrix = !pass.training && more.samples ? expected(opsOf(alpha)) : relax(opsOf(alpha), pass);
    return fromMatrix(simplex ? perturbed(matrix, pass) : matrix);
  },
  strengths: (alpha) => ({ ops: scope(() => noGrad(() => rows(expected(opsOf(alpha))))) }),
});

/** The weights of a derived network: every operation that is there counts in full. */
export const certain: OpWeights = { at: () => 1 };
