import { type Column, escapeMarkup, type Table, tableOf } from '../measure/index.js';

/** Markup that is safe to put into a page: made by `html`, or known to be markup. */
export interface Html {
  readonly markup: string;
}

type Part = string | number | null | Html | readonly Html[];

/** Takes a string as markup as it is: for SVG that we drew, style and script; never for text from a run. */
export const trusted = (markup: string): Html => ({ markup });

const markupOf = (part: Part): string => {
  if (part === null) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeMarkup(String(part));
  return 'markup' in part ? part.markup : part.map(markupOf).join('');
};

/** HTML in which every value is escaped unless it is HTML itself, so that no run folder can put markup into a page. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  trusted(strings.map((text, i) => text + markupOf(parts[i] ?? null)).join(''));

/** A cell of a table on a page, and a column of such cells. */
type Cell = Html | string;
export type HtmlColumn<Item> = Column<Item, Cell>;

/** A table that scrolls in its own box where it is too wide; the first cell of a row is its heading. */
export const tableHtml = (caption: Cell, { headings, rows, words }: Table<Cell>): Html => {
  const row = (cells: readonly Cell[]) =>
    html`<tr>${cells.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>\n`;
  return html`<div class="scroll" tabindex="0" role="group"><table${trusted(words ? '' : ' class="numbers"')}>
<caption><span>${caption}</span></caption>
<thead><tr>${headings.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead>
<tbody>${rows.map(row)}</tbody></table></div>`;
};

/** The same of cells that are words, aligned to the left. */
export const wordsHtml = <Item>(caption: Cell, items: readonly Item[], columns: readonly HtmlColumn<Item>[]): Html =>
  tableHtml(caption, tableOf(items, columns, { words: true }));
