import type { CellGenotype, Genotype } from './genotype.js';
import { outputs } from './plan.js';

const OPS: Readonly<Record<string, string>> = {
  s3: 'sep_conv_3x3',
  s5: 'sep_conv_5x5',
  s7: 'sep_conv_7x7',
  d3: 'dil_conv_3x3',
  d5: 'dil_conv_5x5',
  max: 'max_pool_3x3',
  avg: 'avg_pool_3x3',
  id: 'skip_connect',
};

/** Reads `s3:1 s3:0 | id:0 d3:1`: nodes of edges, an operation and its state each. All nodes are output unless said. */
const cell = (text: string, concat?: readonly number[]): CellGenotype => {
  const nodes = text.split(' | ').map((node) =>
    node.split(' ').map((edge) => {
      const [op = '', from = ''] = edge.split(':');
      return { op: OPS[op] ?? op, from: Number(from) };
    }),
  );
  return { nodes, concat: concat ?? outputs(nodes.length) };
};

/**
 * Cells that papers report for CIFAR-10: DARTS of first and second order (arXiv 1806.09055), PC-DARTS (1907.05737),
 * P-DARTS (1904.12760), SNAS (1812.09926), GDAS (1910.04465), DrNAS (2006.10355), and NASNet-A (1707.07012) in DARTS'
 * terms.
 */
const known: Readonly<Record<string, Genotype>> = {
  'darts-v1': {
    normal: cell('s3:1 s3:0 | id:0 s3:1 | id:0 s3:1 | s3:0 id:2'),
    reduction: cell('max:0 max:1 | id:2 max:0 | max:0 id:2 | id:2 avg:0'),
  },
  'darts-v2': {
    normal: cell('s3:0 s3:1 | s3:0 s3:1 | s3:1 id:0 | id:0 d3:2'),
    reduction: cell('max:0 max:1 | id:2 max:1 | max:0 id:2 | id:2 max:1'),
  },
  'pc-darts': {
    normal: cell('s3:1 id:0 | s3:0 d3:1 | s5:0 s3:1 | avg:0 d3:1'),
    reduction: cell('s5:1 max:0 | s5:1 s5:2 | s3:0 s3:3 | s3:1 s3:2'),
  },
  'p-darts': {
    normal: cell('id:0 d3:1 | id:0 s3:1 | s3:1 s3:3 | s3:0 d5:4'),
    reduction: cell('avg:0 s5:1 | s3:0 d5:2 | max:0 d3:1 | d3:1 d5:3'),
  },
  snas: {
    normal: cell('s3:0 s3:1 | id:0 d3:1 | id:1 id:0 | id:0 s3:1'),
    reduction: cell('max:0 max:1 | max:1 id:2 | id:2 max:1 | max:0 d5:2'),
  },
  gdas: {
    normal: cell('id:0 id:1 | id:0 s5:2 | s3:3 id:0 | s5:4 s3:3'),
    reduction: cell('s5:0 s3:1 | s5:2 s5:1 | d5:2 s3:1 | s5:0 s5:2'),
  },
  drnas: {
    normal: cell('s3:0 s5:1 | s3:1 s3:2 | id:0 s3:1 | s3:2 d5:3'),
    reduction: cell('max:0 s5:1 | d5:2 s5:1 | s5:1 d5:3 | id:4 s5:1'),
  },
  'nasnet-a': {
    normal: cell('s5:1 s3:0 | s5:0 s3:0 | avg:1 id:0 | avg:0 avg:0 | s3:1 id:1'),
    reduction: cell('s5:1 s7:0 | max:1 s7:0 | avg:1 s5:0 | id:3 avg:2 | s3:2 max:1', [4, 5, 6]),
  },
};

/** The names of the published cells. */
export const genotypeNames: readonly string[] = Object.keys(known);

/** A published cell by its name; undefined for another name. */
export const namedGenotype = (name: string): Genotype | undefined => known[name];
