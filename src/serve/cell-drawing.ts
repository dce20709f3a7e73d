import type { cellsIn } from './detail.js';

type Cell = ReturnType<typeof cellsIn>[number];

const MOST_DRAWINGS = 64;
/** Laying out takes time that grows fast; a genotype from a stranger may have any size. */
const MOST_EDGES = 100;
const drawings = new Map<string, Promise<string>>();

const draw = async ({ cell, title }: Cell, { narrow }: { narrow: boolean }): Promise<string> => {
  if (cell.nodes.flat().length > MOST_EDGES)
    throw new RangeError(
      `Cannot draw cell: it must have at most ${MOST_EDGES} edges, it has ${cell.nodes.flat().length}`,
    );
  const { cellSvg } = await import('../figure/cells.js'); // with Graphviz, which no page needs before its first cell
  return cellSvg(cell, { title, narrow });
};

/** A cell as SVG, drawn once however many pages show it. Throws on one that is too large, or contradicts itself. */
export const drawCell = (cell: Cell, { narrow }: { narrow: boolean }): Promise<string> => {
  const key = `${cell.version} ${narrow}`;
  const known = drawings.get(key);
  if (known !== undefined) return known;
  const drawing = draw(cell, { narrow });
  drawings.set(key, drawing);
  const [oldest] = drawings.keys();
  if (drawings.size > MOST_DRAWINGS && oldest !== undefined) drawings.delete(oldest);
  return drawing;
};
