import { registry } from '../label/index.js';
import { type CellKind, type CellPlan, searchPlan } from './plan.js';
import type { Primitive } from './primitive.js';
import { dartsPrimitives } from './primitives.js';

/** What a search may choose from. */
export interface SearchSpace {
  readonly name: string;
  /** The columns of alpha. */
  readonly primitives: readonly Primitive[];
  /** The supernet's cell of a kind, with `nodes` intermediate nodes. */
  plan(kind: CellKind, sizes: { readonly nodes: number }): CellPlan;
}

/** A space of cells with every operation on every edge. */
export const searchSpace = (name: string, primitives: readonly Primitive[]): SearchSpace => ({
  name,
  primitives,
  plan: (_, sizes) => searchPlan(primitives, sizes),
});

/** DARTS' space: its eight operations on every edge. */
export const dartsSpace: SearchSpace = searchSpace('darts', dartsPrimitives);

/** The same without `none`, which FairDARTS and DrNAS do without. */
const withoutNone: SearchSpace = searchSpace(
  'darts-without-none',
  dartsPrimitives.filter(({ name }) => name !== 'none'),
);

/** All search spaces by name. */
export const spaces = registry<SearchSpace>('search space', {
  darts: { usage: 'darts', make: (args) => (args.length === 0 ? dartsSpace : undefined) },
  'darts-without-none': {
    usage: 'darts-without-none',
    make: (args) => (args.length === 0 ? withoutNone : undefined),
  },
});
