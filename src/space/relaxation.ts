import { reshape, softmax, type Tensor, unbind } from '../tensor/index.js';

/** The weight of each operation on each edge. 0 and 1 as numbers mean exactly that: an operation of weight 0 is never run. */
export interface OpWeights {
  /** edge: row of alpha; op: column. */
  at(edge: number, op: number): Tensor | 0 | 1;
}

/** From architecture parameters to operation weights: what makes the choice of operations differentiable. alpha: [edges, ops] */
export type Relaxation = (alpha: Tensor) => OpWeights;

/** DARTS' continuous relaxation: softmax over the operations of each edge (paper, eq 6). */
export const softmaxRelaxation: Relaxation = (alpha) => {
  const [, ops = 1] = alpha.shape;
  const weights = unbind(reshape(softmax(alpha), [-1])); // edges × ops scalars
  return {
    at: (edge, op) => {
      const weight = weights[edge * ops + op];
      if (weight === undefined)
        throw new Error(`Cannot weight operation ${op} of edge ${edge}: alpha has no such entry`);
      return weight;
    },
  };
};

/** The weights of a derived network: every operation that is there counts in full. */
export const certain: OpWeights = { at: () => 1 };
