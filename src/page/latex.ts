import { printable } from '../label/printable.js';
import type { LoadedFit, LoadedRun, Table } from '../measure/index.js';
import { fitParts, reportParts, type TextPart } from './text-parts.js';

/** What LaTeX would read as a command, or pdfLaTeX not at all. */
const WRITTEN: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': "''",
  // At the beginning of a row these would belong to the end of the one before.
  '[': '{[}',
  '*': '{*}',
  '−': '$-$',
  '±': '$\\pm$',
  '×': '$\\times$',
  '·': '$\\cdot$',
  '✓': '$\\checkmark$',
  '✗': '$\\times$',
  '★': '$\\star$',
  '→': '$\\to$',
  '…': '\\dots{}',
  '–': '--',
  '—': '---',
  '‘': '`',
  '’': "'",
  '“': '``',
  '”': "''",
};

/** Text in which nothing of a run folder is a command: names of classes and methods may hold anything. */
const escaped = (text: string): string => [...printable(text)].map((c) => WRITTEN[c] ?? c).join('');

const WIDE = 48; // letters beyond which the first column breaks its lines

/** A table between the rules of booktabs; columns after the first are aligned to the right where they are numbers. */
const tableText = ({ headings, rows, words }: Table): string => {
  const isWide = rows.some(([first = '']) => first.length > WIDE);
  const columns = (isWide ? 'p{0.33\\linewidth}' : 'l') + (words ? 'l' : 'r').repeat(headings.length - 1);
  const row = (cells: readonly string[]): string => `${cells.map(escaped).join(' & ')} \\\\`;
  return [
    `\\begin{tabular}{${columns}}`,
    ...['\\toprule', row(headings), '\\midrule', ...rows.map(row), '\\bottomrule'],
    '\\end{tabular}',
  ].join('\n');
};

const NEEDED = '% Needs \\usepackage{booktabs,amssymb}; names in other scripts than Latin need LuaLaTeX and a font.';

const text = (parts: readonly TextPart[]): string =>
  [NEEDED, ...parts.map((part) => (typeof part === 'string' ? `\\noindent ${escaped(part)}` : tableText(part)))].join(
    '\n\n',
  );

/**
 * The tables of the report as LaTeX, without floats or captions: these are the author's. Throws a ComparisonError when
 * the runs may not stand in one table.
 */
export const latex = (runs: readonly LoadedRun[]): string => text(reportParts(runs));

/** The networks of a fit compared, as LaTeX. */
export const fitLatex = (fit: LoadedFit): string => text(fitParts(fit));
