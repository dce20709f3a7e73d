import type { EpochRecord } from '../run/index.js';
import { mean, sum } from './statistics.js';

/** Weights of operations on the edges of a cell: [edges, primitives]. */
export type OpWeights = readonly (readonly number[])[];

const softmax = (row: readonly number[]): number[] => {
  const most = Math.max(...row);
  const exps = row.map((a) => Math.exp(a - most));
  const total = sum(exps);
  return exps.map((e) => e / total);
};

/**
 * The weights of operations that an epoch ended with, by kind of cell. Runs of format 1 have alpha alone, and knew one
 * relaxation: a softmax per edge.
 */
export const opWeightsOf = (
  { opWeights, alpha }: Pick<EpochRecord, 'alpha' | 'opWeights'>,
  { component }: { component: string },
): Readonly<Record<string, OpWeights>> =>
  opWeights?.[component] ??
  Object.fromEntries(Object.entries(alpha?.[component] ?? {}).map(([kind, rows]) => [kind, rows.map(softmax)]));

/** Per edge the share of operation weight that changes place: 0 when nothing moved, 1 when everything did. */
export const distances = (from: OpWeights, to: OpWeights): number[] =>
  to.map((row, edge) => sum(row.map((w, op) => Math.abs(w - (from[edge]?.[op] ?? 0)))) / 2);

/** How far the operation weights of a component moved between two epochs, over all edges of its cells. */
export const movement = (from: EpochRecord, { to, component }: { to: EpochRecord; component: string }): number => {
  const before = opWeightsOf(from, { component });
  return mean(
    Object.entries(opWeightsOf(to, { component })).flatMap(([kind, weights]) => distances(before[kind] ?? [], weights)),
  );
};

/** The edge of a cell that a row of its weights is of: node by node, and each node's by source. */
export const edgeOf = (row: number): { node: number; source: number } => {
  let [node, source] = [0, row];
  for (; source >= node + 2; node++) source -= node + 2;
  return { node, source };
};

/** What an edge comes from, as figures name it: the inputs of the cell, then its nodes. */
export const sourceName = (source: number): string => ['c(k−2)', 'c(k−1)'][source] ?? String(source - 2);
