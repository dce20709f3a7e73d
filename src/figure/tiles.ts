import { fitted, text } from './text.js';

/** A small picture with lines of text below it, the first of them in bold. */
export interface Tile {
  /** The bytes of a PNG file. */
  readonly png: Uint8Array;
  readonly lines: readonly string[];
}

const COLUMNS = 6;
const GAP = 12;
const SIZE = 11.5;
const LINE = 14;

/** Tiles in rows of six, in the order in which they are read. */
export const drawTiles = (
  tiles: readonly Tile[],
  { y: top, width, left }: { y: number; width: number; left: number },
): { svg: string; height: number } => {
  const side = (width - (COLUMNS - 1) * GAP) / COLUMNS;
  const below = LINE * Math.max(0, ...tiles.map(({ lines }) => lines.length)) + 14;
  const drawn = tiles.map(({ png, lines }, i) => {
    const x = left + (i % COLUMNS) * (side + GAP);
    const y = top + 8 + Math.floor(i / COLUMNS) * (side + below);
    const box = `x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${side.toFixed(1)}" height="${side.toFixed(1)}"`;
    const words = lines.map((line, k) =>
      text(fitted(line, { size: SIZE, width: side, keepEnd: k === lines.length - 1 && k > 0 }), {
        x: Number(x.toFixed(1)),
        y: Number((y + side + (k + 1) * LINE).toFixed(1)),
        attributes: `font-size="${SIZE}"${k === 0 ? ' font-weight="bold"' : ''}`,
      }),
    );
    return `<image ${box} href="data:image/png;base64,${Buffer.from(png).toString('base64')}"/>${words.join('')}`;
  });
  return { svg: drawn.join('\n'), height: 8 + Math.ceil(tiles.length / COLUMNS) * (side + below) };
};
