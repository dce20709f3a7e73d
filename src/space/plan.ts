import type { CellGenotype } from './genotype.js';
import type { Primitive } from './primitive.js';
import { primitives as registered } from './primitives.js';

export type CellKind = 'normal' | 'reduction';

/** One incoming edge of a node: its state, its row of alpha, and the operations on it with their columns. */
export interface EdgePlan {
  readonly from: number;
  readonly row: number;
  readonly ops: readonly { readonly primitive: Primitive; readonly column: number }[];
}

/** The structure of a cell: for every intermediate node its incoming edges, and the states that make up the output. */
export interface CellPlan {
  readonly nodes: readonly (readonly EdgePlan[])[];
  readonly concat: readonly number[];
}

/** Edges, or rows of alpha, of a cell: node i has one from each of its i + 2 earlier states. */
export const edgeCount = (nodes: number): number => (nodes * (nodes + 3)) / 2;

/** The states of a cell's intermediate nodes: 2 to `nodes` + 1. */
export const outputs = (nodes: number): number[] => Array.from({ length: nodes }, (_, i) => i + 2);

/** Every operation on every edge, edges numbered node by node. Throws a RangeError when there is no node. */
export const searchPlan = (primitives: readonly Primitive[], { nodes }: { nodes: number }): CellPlan => {
  if (!Number.isInteger(nodes) || nodes < 1)
    throw new RangeError(`Cannot build cell: nodes must be >= 1, got ${nodes}`);
  const ops = primitives.map((primitive, column) => ({ primitive, column }));
  return {
    nodes: outputs(nodes).map((state) =>
      Array.from({ length: state }, (_, from): EdgePlan => ({ from, row: edgeCount(state - 2) + from, ops })),
    ),
    concat: outputs(nodes),
  };
};

/**
 * The cell that a genotype describes, made of `primitives` and of the registered ones. Throws a RangeError when an
 * operation is neither, when a state does not exist (yet), or when the output of a reduction cell (`kind`) has one of
 * its inputs, whose images are twice as large as its nodes'.
 */
export const derivedPlan = (
  genotype: CellGenotype,
  { primitives = [], kind }: { primitives?: readonly Primitive[] | undefined; kind?: CellKind | undefined } = {},
): CellPlan => {
  const last = genotype.nodes.length + 1;
  if (genotype.concat.length === 0)
    throw new RangeError('Cannot build cell: its output must have at least 1 state, got none');
  for (const state of genotype.concat)
    if (!Number.isInteger(state) || state < 0 || state > last)
      throw new RangeError(`Cannot build cell: its output must be made of states from 0 to ${last}, got ${state}`);
  const input = kind === 'reduction' ? genotype.concat.find((state) => state < 2) : undefined;
  if (input !== undefined)
    throw new RangeError(
      `Cannot build cell: the output of a reduction cell must be made of its nodes, states from 2 to ${last}, ` +
        `got ${input}, an input, which is twice as large`,
    );
  let row = 0;
  return {
    nodes: genotype.nodes.map((edges, i) =>
      edges.map(({ op, from }): EdgePlan => {
        const primitive = primitives.find(({ name }) => name === op) ?? registered.read(op);
        if (!Number.isInteger(from) || from < 0 || from >= i + 2)
          throw new RangeError(`Cannot build cell: node ${i} must read a state from 0 to ${i + 1}, got ${from}`);
        return { from, row: row++, ops: [{ primitive, column: 0 }] };
      }),
    ),
    concat: genotype.concat,
  };
};
