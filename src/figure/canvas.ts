import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeMarkup, type Table } from '../measure/index.js';
import type { Look } from './looks.js';
import { text, textWidth } from './text.js';
import { drawTiles, type Tile } from './tiles.js';

/**
 * A finished drawing: `name` is the stem of its file; `svg` is for a page, which has the caption; `narrow` is its
 * layout for a telephone; `captioned` includes the caption, for a file.
 */
export interface Figure {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
  readonly narrow: string;
  /** The numbers that are drawn. */
  readonly data: readonly FigureData[];
  readonly captioned: string;
}

/** The numbers of a panel, for readers who cannot see it. */
export interface FigureData {
  readonly caption: string;
  readonly table: Table;
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
  /** Options of Plot's dots. */
  readonly mark?: object;
}

/** A part of a figure, stacked from top to bottom. Panels of a row share its width equally; undefined leaves a gap. */
export type Row =
  | { readonly heading: string }
  | { readonly legend: readonly LegendEntry[] }
  | { readonly tiles: readonly Tile[] }
  | {
      /** Options of Plot: plain objects here, since its own types need those of d3 and of browsers. */
      readonly panels: readonly (object | undefined)[];
      readonly height: number;
      readonly data?: readonly FigureData[];
    };

const WIDTH = 720;
const NARROW = 360;
/** Where there is little room, panels of a row that would be narrower than this go below each other. */
const LEAST_PANEL = 170;
const EDGE = 12;
const INK = '#222222';
const FONT = 'Arimo, Arial, Helvetica, sans-serif';
const FONT_SIZE = 13;
const TITLE_SIZE = 16;
const CAPTION_SIZE = 12;
const LINE = 20;
const CAPTION_LINE = 16;
const SAMPLE = 34;
/** How much wider than others bold letters are, at most. */
const BOLD = 1.12;
const { document } = parseHTML('<html><body></body></html>');

/** What a figure shows. */
export interface Drawing extends Pick<Figure, 'title' | 'caption'> {
  readonly rows: readonly Row[];
}

/**
 * Stacks rows under a title into one figure, 720 wide, or 360 where there is little room, on white. Styled by
 * attributes alone: no ids, classes or style sheets that meet others' on a page.
 */
export const figure = (name: string, drawing: Drawing): Figure => {
  const { title, caption, rows } = drawing;
  const { parts, height: y } = stacked(drawing, WIDTH);
  const below = wrapped(caption, { size: CAPTION_SIZE, width: WIDTH }).map((line, i) =>
    text(line, { x: EDGE, y: y + (i + 1) * CAPTION_LINE, attributes: `font-size="${CAPTION_SIZE}"` }),
  );
  const height = y + 10 + below.length * CAPTION_LINE;
  return {
    ...{ name, title, caption },
    data: rows.flatMap((row) => ('data' in row ? (row.data ?? []) : [])),
    svg: whole(parts, { title, width: WIDTH, height: y + 6 }),
    captioned: whole([...parts, ...below], { title, width: WIDTH, height }),
    get narrow() {
      const { parts: own, height: end } = stacked(drawing, NARROW);
      return whole(own, { title, width: NARROW, height: end + 6 });
    },
  };
};

const stacked = ({ title, rows }: Drawing, width: number): { parts: readonly string[]; height: number } => {
  const heading = wrapped(title, { size: BOLD * TITLE_SIZE, width });
  const parts = heading.map((line, i) =>
    text(line, { x: EDGE, y: 24 + i * LINE, attributes: `font-size="${TITLE_SIZE}" font-weight="bold"` }),
  );
  let y = 14 + heading.length * LINE;
  for (const row of rows) {
    const { svg, height } = drawRow(row, { y, width });
    parts.push(svg);
    y += height;
  }
  return { parts, height: y };
};

const whole = (
  parts: readonly string[],
  { title, width, height }: { title: string; width: number; height: number },
): string => {
  const size = `width="${width}" height="${Math.ceil(height)}"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${width} ${Math.ceil(height)}" role="img"` +
    ` font-family="${FONT}" font-size="${FONT_SIZE}" fill="${INK}"><title>${escapeMarkup(title)}</title>` +
    `<rect ${size} fill="#ffffff"/>\n${parts.join('\n')}\n</svg>`
  );
};

/** The panels of a row in as many lines as they need; gaps keep the columns of a wide figure, a narrow one has none. */
const linesOf = ({ panels }: Extract<Row, { panels: unknown }>, width: number): (object | undefined)[][] => {
  if (width >= WIDTH) return [[...panels]];
  const present = panels.filter((panel) => panel !== undefined);
  const columns = Math.max(1, Math.min(present.length, Math.floor(width / LEAST_PANEL)));
  return Array.from({ length: Math.ceil(present.length / columns) }, (_, i) => {
    const line: (object | undefined)[] = present.slice(i * columns, (i + 1) * columns);
    return [...line, ...new Array<undefined>(columns - line.length).fill(undefined)];
  });
};

const drawRow = (row: Row, { y, width }: { y: number; width: number }): { svg: string; height: number } => {
  if ('heading' in row) {
    const lines = wrapped(row.heading, { size: BOLD * FONT_SIZE, width });
    const drawn = lines.map((line, i) =>
      text(line, { x: EDGE, y: y + 18 + i * LINE, attributes: 'font-weight="bold"' }),
    );
    return { svg: drawn.join('\n'), height: lines.length * LINE + 6 };
  }
  if ('legend' in row) return drawLegend(row.legend, { top: y, width });
  if ('tiles' in row) return drawTiles(row.tiles, { y, width: width - 2 * EDGE, left: EDGE });
  const lines = linesOf(row, width);
  const drawn = lines.flatMap((panels, at) =>
    panels.map((options, i) => {
      if (options === undefined) return '';
      const own = width / panels.length;
      const inside = panel({ ...options, width: own, height: row.height });
      const place = `translate(${(i * own).toFixed(2)},${y + at * row.height})`;
      return `<g transform="${place}" text-anchor="middle">${inside}</g>`;
    }),
  );
  return { svg: drawn.join('\n'), height: lines.length * row.height };
};

/** The inside of a plot. Its own style sheet and class are dropped, its text is black whatever the page's colour. */
const panel = (options: object): string => {
  const plot = Plot.plot({ ...options, document });
  for (const sheet of plot.querySelectorAll('style')) sheet.remove();
  // A tenth of a pixel is enough, and halves the size of figures with many lines.
  return String(plot.innerHTML)
    .replaceAll('currentColor', INK)
    .replace(/ (?:d|transform)="[^"]*"/g, (place) => place.replace(/(\.\d)\d+/g, '$1'));
};

const drawLegend = (
  entries: readonly LegendEntry[],
  { top, width: all }: { top: number; width: number },
): { svg: string; height: number } => {
  let x = EDGE;
  let y = top + 14;
  const drawn = entries.map((entry) => {
    const width = SAMPLE + 8 + textWidth(entry.text, { size: FONT_SIZE });
    if (x > EDGE && x + width > all - EDGE) {
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
export const markerStyle = ({ color, symbol }: Look) => ({
  symbol,
  r: 3.5,
  fill: color,
  stroke: '#ffffff',
  strokeWidth: 0.8,
});

const wrapped = (label: string, { size, width }: { size: number; width: number }): string[] => {
  const lines: string[] = [];
  for (const word of label.split(' ')) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last === undefined || textWidth(longer, { size }) > width - 2 * EDGE) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
};
