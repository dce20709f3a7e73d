/** Markup that is safe to put into a page: made by `html`, or known to be markup. */
export interface Html {
  readonly markup: string;
}

type Part = string | number | null | Html | readonly Html[];

/** Escapes text for element content and for attributes in double quotes. */
export const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** Takes a string as markup as it is: for SVG that we drew, style and script; never for text from a run. */
export const trusted = (markup: string): Html => ({ markup });

const markupOf = (part: Part): string => {
  if (part === null) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return 'markup' in part ? part.markup : part.map(markupOf).join('');
};

/** Writes HTML in which every value is escaped unless it is HTML itself, so that no run folder can put markup into a report. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  trusted(strings.map((text, i) => text + markupOf(parts[i] ?? null)).join(''));

/** How a table is headed and read. */
export interface TableOptions {
  readonly caption: Html | string;
  readonly head: readonly string[];
  /** A first line of heads, each over several columns. */
  readonly groups?: readonly { readonly label: string; readonly columns: number }[];
  /** Whether columns after the first hold numbers: aligned to the right, in figures of equal width. */
  readonly numbers?: boolean;
}

/** A table that scrolls in its own box where it is too wide; the first cell of a row is its head. */
export const table = (
  rows: readonly (readonly (Html | string)[])[],
  { caption, head, groups, numbers = false }: TableOptions,
): Html => html`<div class="scroll" tabindex="0" role="group"><table${trusted(numbers ? ' class="numbers"' : '')}>
<caption><span>${caption}</span></caption>
<thead>${
  groups === undefined
    ? null
    : html`<tr>${groups.map(({ label, columns }) =>
        label === ''
          ? html`<td colspan="${columns}"></td>`
          : html`<th scope="colgroup" colspan="${columns}">${label}</th>`,
      )}</tr>`
}<tr>${head.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${rows.map(
  (row) =>
    html`<tr>${row.map((cell, column) => (column === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>\n`,
)}</tbody></table></div>`;

export const NONE = '–';

/** An accuracy in percent, `64.56`, or a dash. */
export const accuracy = (percent: number | null, { digits = 2 }: { digits?: number } = {}): string =>
  percent === null ? NONE : percent.toFixed(digits);

/** `64.56 ± 0.41`; without a spread the mean alone. */
export const meanAndSd = (mean: number | null, sd: number | null): string =>
  mean === null ? NONE : sd === null ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${sd.toFixed(2)}`;

/** `+0.41`, `−1.20` with a true minus. */
export const signed = (value: number | null): string =>
  value === null ? NONE : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

/** Digits in groups of three. */
export const grouped = (n: number): string => n.toLocaleString('en-US');

/** `2 h 05 min`, `12 min 04 s`, `7 s`. */
export const time = (seconds: number | null): string => {
  if (seconds === null) return NONE;
  const whole = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${two(minutes)} min`;
  return minutes > 0 ? `${minutes} min ${two(whole % 60)} s` : `${whole} s`;
};

/** Decimal units, as everywhere in tailnas. */
export const memory = (bytes: number | null): string =>
  bytes === null ? NONE : bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;

/** `one run`, `3 runs`. */
export const counted = (n: number, [one, many]: readonly [string, string]): string =>
  n === 1 ? `one ${one}` : `${grouped(n)} ${many}`;
