import type { CellKind } from './plan.js';

/** A derived cell: the kept edges of every node, and the states that make up the output. 0 and 1 are its inputs. */
export interface CellGenotype {
  readonly nodes: readonly (readonly { readonly op: string; readonly from: number }[])[];
  readonly concat: readonly number[];
}

/** The architecture of one component: a cell for each kind that it has. */
export type Genotype = Partial<Record<CellKind, CellGenotype>>;

/** The architecture of a whole network, by component. */
export type Genotypes = Readonly<Record<string, Genotype>>;
