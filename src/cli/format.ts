import { columnsOf, printable } from '../label/index.js';
import type { Table } from '../measure/index.js';

export { bytes, duration, grouped, percent, plural } from '../measure/index.js';

const [BOLD, NORMAL] = ['\x1b[1m', '\x1b[22m'];

/** What matters most, in bold where a terminal reads it. */
export const strong = (text: string): string => (process.stdout.isTTY ? `${BOLD}${text}${NORMAL}` : text);

/** Printable, except for the codes of `strong`. */
const shown = (text: string): string =>
  text
    .split(BOLD)
    .map((part) => part.split(NORMAL).map(printable).join(NORMAL))
    .join(BOLD);

/** Two columns that line up: names on the left, values on the right of them. */
export const listing = (rows: readonly (readonly [string, string])[]): string => {
  const cells = rows.map(([name, value]) => [printable(name), shown(value)] as const);
  const width = Math.max(...cells.map(([name]) => name.length));
  return cells.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join('\n');
};

/**
 * Rows of cells that line up, made printable; the first row is the heading. Columns named in `right` are aligned to the
 * right.
 */
export const table = (
  rows: readonly (readonly string[])[],
  { right = [] }: { right?: readonly number[] } = {},
): string => {
  const cells = rows.map((row) => row.map(printable));
  const widths = (rows[0] ?? []).map((_, c) => cells.reduce((most, row) => Math.max(most, columnsOf(row[c] ?? '')), 0));
  const pad = (cell: string, c: number) => {
    const gap = ' '.repeat(Math.max(0, (widths[c] ?? 0) - columnsOf(cell)));
    return right.includes(c) ? gap + cell : cell + gap;
  };
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
};

/** A table of numbers as lines that line up. */
export const tableText = ({ headings, rows }: Table): string =>
  table([headings, ...rows], { right: headings.slice(1).map((_, i) => i + 1) });
