import type { CellGenotype, Genotype } from '../src/space/index.js';

const pick = (edges: readonly (readonly [op: string, from: number])[]): CellGenotype => ({
  nodes: [0, 2, 4, 6].map((i) => edges.slice(i, i + 2).map(([op, from]) => ({ op, from }))),
  concat: [2, 3, 4, 5],
});

/** The published second-order cells (arXiv 1806.09055); bench/pytorch/darts.py has the same. */
export const dartsV2: Genotype = {
  normal: pick([
    ['sep_conv_3x3', 0],
    ['sep_conv_3x3', 1],
    ['sep_conv_3x3', 0],
    ['sep_conv_3x3', 1],
    ['sep_conv_3x3', 1],
    ['skip_connect', 0],
    ['skip_connect', 0],
    ['dil_conv_3x3', 2],
  ]),
  reduction: pick([
    ['max_pool_3x3', 0],
    ['max_pool_3x3', 1],
    ['skip_connect', 2],
    ['max_pool_3x3', 1],
    ['max_pool_3x3', 0],
    ['skip_connect', 2],
    ['skip_connect', 2],
    ['max_pool_3x3', 1],
  ]),
};
