import type { CellKind, CellPlan } from './plan.js';
import type { SearchSpace } from './search-space.js';

/** The names of the operations that each edge still has, by component, kind of cell and row of alpha. */
export type KeptOps = Readonly<Record<string, Readonly<Partial<Record<CellKind, readonly (readonly string[])[]>>>>>;

/**
 * A space of which each edge has some operations only, as P-DARTS' stages have them. The columns of alpha are those of
 * the operations that are left; where nothing is said of a cell it has all.
 */
export const prunedSpace = (space: SearchSpace, kept: KeptOps): SearchSpace => ({
  name: space.name,
  primitives: space.primitives,
  plan: (kind, sizes) => {
    const plan = space.plan(kind, sizes);
    const left = kept[sizes.component ?? '']?.[kind];
    if (left === undefined) return plan;
    const opsOf = (edge: CellPlan['nodes'][number][number]) =>
      edge.ops
        .filter(({ primitive }) => left[edge.row]?.includes(primitive.name))
        .map(({ primitive }, column) => ({ primitive, column }));
    return { ...plan, nodes: plan.nodes.map((edges) => edges.map((edge) => ({ ...edge, ops: opsOf(edge) }))) };
  },
});

/** Values in the columns of a plan, in those of the space: an operation that an edge does not have gets 0. */
export const inColumnsOf = (
  { primitives }: Pick<SearchSpace, 'primitives'>,
  { ops, plan }: { ops: readonly (readonly number[])[]; plan: CellPlan },
): number[][] => {
  const names = primitives.map(({ name }) => name);
  const byRow = new Map(plan.nodes.flat().map((edge) => [edge.row, edge.ops]));
  return ops.map((row, i) => {
    if (row.length >= names.length) return [...row];
    const own = byRow.get(i) ?? [];
    return names.map((name) => {
      const column = own.find(({ primitive }) => primitive.name === name)?.column;
      return column === undefined ? 0 : (row[column] ?? 0);
    });
  });
};

/**
 * What is left when each edge of these cells loses the `drop` operations that weigh least, the earlier one of equals
 * (P-DARTS; Chen et al. 2019). `weights` are in the columns of the space, by component and kind. Throws a RangeError
 * unless two are left: one of them may be `none`.
 */
export const dropWeakest = (
  weights: Readonly<Record<string, Readonly<Record<string, readonly (readonly number[])[]>>>>,
  { space, kept, nodes, drop }: { space: SearchSpace; kept: KeptOps; nodes: number; drop: number },
): KeptOps => {
  const names = space.primitives.map(({ name }) => name);
  const before = prunedSpace(space, kept);
  const leftOf = (component: string, kind: CellKind): string[][] => {
    const left: string[][] = [];
    for (const { row, ops } of before.plan(kind, { nodes, component }).nodes.flat()) {
      const own = ops.map(({ primitive }) => primitive.name);
      if (own.length - drop < 2)
        throw new RangeError(
          `Cannot drop operations: an edge must keep at least 2, one would keep ${own.length - drop}`,
        );
      const weightOf = (name: string): number => weights[component]?.[kind]?.[row]?.[names.indexOf(name)] ?? 0;
      const weakest = own.toSorted((a, b) => weightOf(a) - weightOf(b)).slice(0, drop);
      left[row] = own.filter((name) => !weakest.includes(name));
    }
    return left;
  };
  return Object.fromEntries(
    Object.entries(weights).map(([component, kinds]) => [
      component,
      {
        ...(kinds['normal'] && { normal: leftOf(component, 'normal') }),
        ...(kinds['reduction'] && { reduction: leftOf(component, 'reduction') }),
      },
    ]),
  );
};
