import type { CellGenotype, Genotypes } from './genotype.js';
import type { CellKind, CellPlan } from './plan.js';
import { type Draw, randomCell } from './random-genotype.js';

/** A cell that a search chooses: its component, its kind, and what it may be. */
export interface Place {
  readonly component: string;
  readonly kind: CellKind;
  readonly plan: CellPlan;
}

type Node = CellGenotype['nodes'][number];

/** A cell for each place, by component and kind. */
export const architecture = (
  places: readonly Place[],
  cellOf: (place: Place, index: number) => CellGenotype,
): Genotypes => {
  const found: Record<string, Genotypes[string]> = {};
  for (const [i, place] of places.entries())
    found[place.component] = { ...found[place.component], [place.kind]: cellOf(place, i) };
  return found;
};

const sortedNode = (node: Node): Node => node.toSorted((a, b) => a.from - b.from);

/** The same cell with the edges of each node in the order of their inputs: equal cells are then written alike. */
export const sortedCell = ({ nodes, concat }: CellGenotype): CellGenotype => ({
  nodes: nodes.map(sortedNode),
  concat,
});

/** An architecture drawn at random: per node two different inputs, all operations but `none` equally likely. */
export const randomArchitecture = (places: readonly Place[], draw: Draw): Genotypes =>
  architecture(places, ({ plan }) => sortedCell(randomCell(plan, draw)));

/** One of these that is not among those, each equally likely; undefined where there is none. */
const another = <T>(all: readonly T[], { not, draw }: { not: readonly T[]; draw: Draw }): T | undefined => {
  const left = all.filter((one) => !not.includes(one));
  return left.length === 0 ? undefined : left[draw(left.length)];
};

/**
 * A neighbour of an architecture (Real et al. 2019): of one edge, each equally likely, another operation or another
 * input, which no edge of its node has. Where there is no other input, the operation changes.
 */
export const mutated = (
  parent: Genotypes,
  { places, draw }: { readonly places: readonly Place[]; readonly draw: Draw },
): Genotypes => {
  const chosen = draw(places.length);
  return architecture(places, ({ component, kind, plan }, i) => {
    const cell = parent[component]?.[kind];
    if (cell === undefined) throw new Error(`Cannot mutate architecture: ${component} has no ${kind} cell`);
    if (i !== chosen) return cell;
    const at = draw(cell.nodes.length);
    const mutatedNode = (node: Node): Node => {
      const edges = plan.nodes[at] ?? [];
      const slot = draw(node.length);
      const inputs = edges.map(({ from }) => from);
      const from = draw(2) === 0 ? undefined : another(inputs, { not: node.map((edge) => edge.from), draw });
      const names = edges[0]?.ops.map(({ primitive }) => primitive.name).filter((name) => name !== 'none') ?? [];
      return node.map((edge, j) => {
        if (j !== slot) return edge;
        if (from !== undefined) return { ...edge, from };
        return { ...edge, op: another(names, { not: [edge.op], draw }) ?? edge.op };
      });
    };
    return sortedCell({ ...cell, nodes: cell.nodes.map((node, j) => (j === at ? mutatedNode(node) : node)) });
  });
};
