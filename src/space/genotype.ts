import type { CellKind, CellPlan, EdgePlan } from './cell.js';
import type { Primitive } from './primitive.js';

/** A derived cell: for every intermediate node its kept edges, and which states make up the output. States 0 and 1 are the cell's inputs. */
export interface CellGenotype {
  readonly nodes: readonly (readonly { readonly op: string; readonly from: number }[])[];
  readonly concat: readonly number[];
}

/** The architecture of one component: a cell for each kind that it has. */
export type Genotype = Partial<Record<CellKind, CellGenotype>>;

/** Rows of alpha, that is edges, of a cell with `nodes` intermediate nodes: node i has one from each of its i + 2 earlier states. */
export const edgeCount = (nodes: number): number => (nodes * (nodes + 3)) / 2;

const outputs = (nodes: number): number[] => Array.from({ length: nodes }, (_, i) => i + 2);

/** Every operation on every edge: the cell of a supernet. Edges are numbered node by node, each node's by where they come from. */
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

/** The cell that a genotype describes. Throws when it names an operation that is not among `primitives`, or a state that does not exist (yet). */
export const derivedPlan = (genotype: CellGenotype, { primitives }: { primitives: readonly Primitive[] }): CellPlan => {
  const last = genotype.nodes.length + 1;
  if (genotype.concat.length === 0)
    throw new RangeError('Cannot build cell: its output must have at least 1 state, got none');
  for (const state of genotype.concat)
    if (!Number.isInteger(state) || state < 0 || state > last)
      throw new RangeError(`Cannot build cell: its output must be made of states from 0 to ${last}, got ${state}`);
  let row = 0;
  return {
    nodes: genotype.nodes.map((edges, i) =>
      edges.map(({ op, from }): EdgePlan => {
        const primitive = primitives.find((p) => p.name === op);
        if (primitive === undefined)
          throw new RangeError(`Cannot build cell: "${op}" is not one of ${primitives.map((p) => p.name).join(', ')}`);
        if (!Number.isInteger(from) || from < 0 || from >= i + 2)
          throw new RangeError(`Cannot build cell: node ${i} must read a state from 0 to ${i + 1}, got ${from}`);
        return { from, row: row++, ops: [{ primitive, column: 0 }] };
      }),
    ),
    concat: genotype.concat,
  };
};

/**
 * The architecture that operation weights stand for (DARTS): a node keeps the `keep` edges whose best operation weighs most, and that
 * operation; `none` is never chosen. weights: one row per edge, one column per primitive.
 */
export const derive = (
  weights: readonly (readonly number[])[],
  { primitives, keep = 2 }: { primitives: readonly Primitive[]; keep?: number },
): CellGenotype => {
  const nodes: { op: string; from: number }[][] = [];
  for (let start = 0; start < weights.length; start += nodes.length + 1) {
    const edges = weights.slice(start, start + nodes.length + 2).map((row, from) => {
      let best = { op: '', weight: Number.NEGATIVE_INFINITY };
      for (const [column, { name }] of primitives.entries()) {
        const weight = row[column] ?? Number.NEGATIVE_INFINITY;
        if (name !== 'none' && weight > best.weight) best = { op: name, weight };
      }
      return { from, ...best };
    });
    const kept = edges.sort((a, b) => b.weight - a.weight).slice(0, keep);
    nodes.push(kept.map(({ op, from }) => ({ op, from })));
  }
  return { nodes, concat: outputs(nodes.length) };
};
