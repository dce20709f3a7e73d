import type { Figure } from '../figure/index.js';
import { type Html, html, tableHtml, trusted } from './html.js';

/** A drawing is one image with one title: names of its parts are not allowed, nor read. */
const unnamed = (svg: string): Html => trusted(svg.replace(/ aria-[a-z]+="[^"]*"/g, ''));

/** A drawing for wide and for narrow windows; one of them is shown. */
export const twoWidths = ({ wide, narrow }: { wide: string; narrow: string }): Html =>
  html`<div class="wide">${unnamed(wide)}</div><div class="narrow">${unnamed(narrow)}</div>`;

/**
 * A figure with its caption, and its numbers behind it. `label` comes before its title: `Figure 2.`; one that stands
 * `beside` others is drawn as for a narrow window.
 */
export const figureHtml = (
  { title, caption, svg, narrow, data }: Figure,
  { id, label = '', beside = false }: { id: string; label?: string; beside?: boolean },
): Html => {
  const drawing = beside ? html`<div class="narrow">${unnamed(narrow)}</div>` : twoWidths({ wide: svg, narrow });
  const tables = data.map((of) => tableHtml(of.caption, of.table));
  const behind =
    tables.length === 0 ? null : html`<details><summary>Its numbers, as a table</summary>${tables}</details>`;
  return html`<figure class="plot" id="${id}"><div class="card">${drawing}</div>
<figcaption><b>${label === '' ? '' : `${label} `}${title}.</b> ${caption}</figcaption>${behind}</figure>\n`;
};

/** Figures in as many columns as there is room for. */
export const sideBySide = (figures: readonly Html[]): Html => html`<div class="figures">${figures}</div>`;
