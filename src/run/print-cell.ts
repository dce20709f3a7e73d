import type { CellGenotype } from './record.js';

const INPUTS = ['c_k-2', 'c_k-1'];

/** A node by its name in the pictures: the cell's inputs, then the intermediate nodes from 0. */
const nodeName = (state: number): string => INPUTS[state] ?? String(state - INPUTS.length);

/** A cell to read, a line a node, with the names that its picture has: `1 = sep_conv_3x3(c_k-2) + skip_connect(0)`. */
export const cellLines = ({ nodes, concat }: CellGenotype): string[] => [
  ...nodes.map((edges, i) => `${i} = ${edges.map(({ op, from }) => `${op}(${nodeName(from)})`).join(' + ')}`),
  `out = ${concat.map(nodeName).join(', ')}`,
];

/** A cell on one line. */
export const printCell = (cell: CellGenotype): string => cellLines(cell).join('; ');
