import type { LoadedFit, LoadedRun, Table } from '../measure/index.js';
import { fitParts, reportParts, type TextPart } from './text-parts.js';

/** A cell in which no text of a run folder is markup, or ends its row. */
const cellText = (text: string): string => text.replace(/[|<[`]/g, '\\$&').replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');

/** A Markdown table whose source lines up; columns after the first are aligned to the right. */
const tableText = ({ headings, rows }: Table): string => {
  const lines = [headings, ...rows].map((row) => row.map(cellText));
  const widths = headings.map((_, i) => Math.max(3, ...lines.map((row) => (row[i] ?? '').length)));
  const pad = (cell: string, i: number) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0));
  const [head = '', ...rest] = lines.map((row) => `| ${row.map(pad).join(' | ')} |`);
  const rule = `|${widths.map((w, i) => (i === 0 ? '-'.repeat(w + 2) : `${'-'.repeat(w + 1)}:`)).join('|')}|`;
  return [head, rule, ...rest].join('\n');
};

const text = (parts: readonly TextPart[]): string =>
  parts.map((part) => (typeof part === 'string' ? part : tableText(part))).join('\n\n');

/** The tables of the report as Markdown. Throws a ComparisonError when the runs may not stand in one table. */
export const markdown = (runs: readonly LoadedRun[]): string => text(reportParts(runs));

/** The networks of a fit compared, as Markdown. */
export const fitMarkdown = (fit: LoadedFit): string => text(fitParts(fit));
