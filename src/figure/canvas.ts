import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeMarkup } from '../measure/index.js';
import type { Look } from './looks.js';
import { text, textWidth } from './text.js';
import { drawTiles, type Tile } from './tiles.js';

/**
 * A finished drawing: `name` is the stem of its file; `svg` is for a page, beside others and its caption; `captioned`
 * has the caption below it, for a file.
 */
export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
  readonly captioned: string;
}

/** Says that the runs lack what a figure shows: it can be left out of a report, and the rest still be drawn. */
export class FigureError extends Error {
  override readonly name = 'FigureError';
}

/** Throws a FigureError. */
export const refuse = (problem: string): never => {
  throw new FigureError(problem);
};

/** One entry of a legend: a name, and a line with the marker of its look or without one, or a marker alone. */
export interface LegendEntry {
  readonly text: string;
  readonly look?: Look;
  readonly line?: Look;
  readonly mark?: Plot.DotOptions;
}

/** A part of a figure, stacked from top to bottom. Panels of a row share its width equally; undefined leaves a gap. */
export type Row =
  | { readonly heading: string }
  | { readonly legend: readonly LegendEntry[] }
  | { readonly tiles: readonly Tile[] }
  | { readonly panels: readonly (Plot.PlotOptions | undefined)[]; readonly height: number };

const WIDTH = 720;
const EDGE = 12;
const INK = '#222222';
const FONT = 'Arimo, Arial, Helvetica, sans-serif';
const FONT_SIZE = 13;
const TITLE_SIZE = 16;
const CAPTION_SIZE = 12;
const LINE = 20;
const CAPTION_LINE = 16;
const SAMPLE = 34;
const { document } = parseHTML('<html><body></body></html>');

/** What a figure shows. */
export interface Drawing extends Pick<Figure, 'title' | 'caption'> {
  readonly rows: readonly Row[];
}

/**
 * Stacks rows under a title into one figure, 720 wide, on white. Styled by attributes alone: no ids, classes or style
 * sheets that meet others' on a page.
 */
export const figure = (name: string, { title, caption, rows }: Drawing): Figure => {
  const heading = wrapped(title, { size: TITLE_SIZE });
  const parts = heading.map((line, i) =>
    text(line, { x: EDGE, y: 24 + i * LINE, attributes: `font-size="${TITLE_SIZE}" font-weight="bold"` }),
  );
  let y = 14 + heading.length * LINE;
  for (const row of rows) {
    const { svg, height } = drawRow(row, y);
    parts.push(svg);
    y += height;
  }
  const below = wrapped(caption, { size: CAPTION_SIZE }).map((line, i) =>
    text(line, { x: EDGE, y: y + (i + 1) * CAPTION_LINE, attributes: `font-size="${CAPTION_SIZE}"` }),
  );
  const captioned = whole([...parts, ...below], { title, height: y + 10 + below.length * CAPTION_LINE });
  return { name, title, caption, svg: whole(parts, { title, height: y + 6 }), captioned };
};

const whole = (parts: readonly string[], { title, height }: { title: string; height: number }): string => {
  const size = `width="${WIDTH}" height="${Math.ceil(height)}"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${WIDTH} ${Math.ceil(height)}" role="img"` +
    ` font-family="${FONT}" font-size="${FONT_SIZE}" fill="${INK}"><title>${escapeMarkup(title)}</title>` +
    `<rect ${size} fill="#ffffff"/>\n${parts.join('\n')}\n</svg>`
  );
};

const drawRow = (row: Row, y: number): { svg: string; height: number } => {
  if ('heading' in row)
    return { svg: text(row.heading, { x: EDGE, y: y + 18, attributes: 'font-weight="bold"' }), height: LINE + 6 };
  if ('legend' in row) return drawLegend(row.legend, y);
  if ('tiles' in row) return drawTiles(row.tiles, { y, width: WIDTH - 2 * EDGE, left: EDGE });
  const width = WIDTH / row.panels.length;
  const drawn = row.panels.map((options, i) => {
    if (options === undefined) return '';
    const inside = panel({ ...options, width, height: row.height });
    return `<g transform="translate(${(i * width).toFixed(2)},${y})" text-anchor="middle">${inside}</g>`;
  });
  return { svg: drawn.join('\n'), height: row.height };
};

/** The inside of a plot. Its own style sheet and class are dropped, its text is black whatever the page's colour. */
const panel = (options: Plot.PlotOptions): string => {
  const plot = Plot.plot({ ...options, document });
  for (const sheet of plot.querySelectorAll('style')) sheet.remove();
  // A tenth of a pixel is enough, and halves the size of figures with many lines.
  return String(plot.innerHTML)
    .replaceAll('currentColor', INK)
    .replace(/ (?:d|transform)="[^"]*"/g, (place) => place.replace(/(\.\d)\d+/g, '$1'));
};

const drawLegend = (entries: readonly LegendEntry[], top: number): { svg: string; height: number } => {
  let x = EDGE;
  let y = top + 14;
  const drawn = entries.map((entry) => {
    const width = SAMPLE + 8 + textWidth(entry.text, { size: FONT_SIZE });
    if (x > EDGE && x + width > WIDTH - EDGE) {
      x = EDGE;
      y += LINE;
    }
    const at = x;
    x += width + 20;
    return sampleOf(entry, { x: at, y }) + text(entry.text, { x: at + SAMPLE + 8, y: y + 4.5 });
  });
  return { svg: drawn.join('\n'), height: y - top + 14 };
};

const sampleOf = (
  { look, line = look, mark = look && markerStyle(look) }: LegendEntry,
  { x, y }: { x: number; y: number },
): string => {
  const stroke = line && `stroke="${line.color}"${line.dash === '' ? '' : ` stroke-dasharray="${line.dash}"`}`;
  const path = stroke && `<path d="M${x},${y}h${SAMPLE}" fill="none" stroke-width="2" ${stroke}/>`;
  // Drawn by the same mark as in the panels, so that the shapes cannot differ.
  const dot =
    mark &&
    `<g transform="translate(${x + SAMPLE / 2 - 10},${y - 10})">${panel({
      width: 20,
      height: 20,
      margin: 0,
      axis: null,
      x: { domain: [0, 1] },
      y: { domain: [0, 1] },
      marks: [Plot.dot([0], { ...mark, x: () => 0.5, y: () => 0.5 })],
    })}</g>`;
  return (path ?? '') + (dot ?? '');
};

/** How a marker of a look is drawn. */
export const markerStyle = ({ color, symbol }: Look): Plot.DotOptions => ({
  symbol,
  r: 3.5,
  fill: color,
  stroke: '#ffffff',
  strokeWidth: 0.8,
});

const wrapped = (label: string, { size }: { size: number }): string[] => {
  const lines: string[] = [];
  for (const word of label.split(' ')) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last === undefined || textWidth(longer, { size }) > WIDTH - 2 * EDGE) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
};
