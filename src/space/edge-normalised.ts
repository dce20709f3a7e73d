import { cat, like, mul, narrow, noGrad, ones, scope, softmax, stack, type Tensor, unbind } from '../tensor/index.js';
import type { CellPlan } from './plan.js';
import type { Relaxation, Tensors } from './relaxation.js';

const edgesOf = ({ edges }: Tensors): Tensor => {
  if (edges === undefined) throw new Error('Cannot relax alpha: its part "edges" is missing');
  return edges;
};

/** softmax over the incoming edges of each node. beta: [edges] → [edges] */
const byNode = (beta: Tensor, { nodes }: CellPlan): Tensor =>
  cat(
    nodes.map((edges) => {
      const [first] = edges;
      if (first === undefined || edges.length < 2)
        throw new RangeError(
          `Cannot normalise edges: each node must have at least 2, one has ${edges.length}; use --relax softmax`,
        );
      return softmax(narrow(beta, 0, first.row, edges.length));
    }),
  );

/**
 * Edge normalisation (PC-DARTS; Xu et al. 2020): in addition to the weights of its operations an edge has its own
 * weight, from a softmax of beta over all edges into a node. The weight of an operation is the product of both, and
 * cells are chosen by it.
 */
export const edgeNormalised = (inner: Relaxation): Relaxation => ({
  ...inner,
  label: inner.label === 'softmax' ? 'edgeNormalised' : `edgeNormalised(${inner.label})`,
  shapes: (plan) => ({ ...inner.shapes(plan), edges: [plan.nodes.flat().length] }),
  weights: (alpha, at) => {
    const operations = inner.weights(alpha, at);
    const shares = unbind(byNode(edgesOf(alpha), at.plan));
    const edge = (row: number): Tensor => {
      const share = shares[row];
      if (share === undefined) throw new Error(`Cannot weight edge ${row}: beta has no such entry`);
      return share;
    };
    // All products at once: they must outlive the cell that asks first.
    const terms = at.plan.nodes.flat().flatMap(({ row, ops }) =>
      ops.flatMap(({ column }) => {
        const weight = operations.at(row, column);
        return weight === 0 ? [] : [{ row, column, weight: weight === 1 ? ones([], like(edge(row))) : weight }];
      }),
    );
    const [own, ofEdge] = [terms.map(({ weight }) => weight), terms.map(({ row }) => edge(row))];
    const products = unbind(mul(stack(own), stack(ofEdge)));
    const found = new Map(terms.map(({ row, column }, i) => [`${row},${column}`, products[i]]));
    return { edge, at: (row, column) => found.get(`${row},${column}`) ?? 0 };
  },
  strengths: (alpha, plan) => ({
    ...inner.strengths(alpha, plan),
    edges: scope(() => noGrad(() => byNode(edgesOf(alpha), plan).toArray())),
  }),
});
