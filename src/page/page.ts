import { figuresFor } from '../figure/index.js';
import {
  byRow,
  capital,
  grouped,
  isSearch,
  type LoadedRun,
  measureClaims,
  plural,
  requireComparable,
  resultRows,
  SIZES,
  sensitivityOf,
  setApart,
  sum,
  type Unreadable,
  withoutCommon,
} from '../measure/index.js';
import type { RunInfo } from '../run/index.js';
import { cellsFigure, cellTemplates, type Drawings } from './cells.js';
import { claimsHtml, sensitivityHtml } from './claims.js';
import * as facts from './facts.js';
import { type Html, html, trusted } from './html.js';
import { caveats, confusionHtml, groupsHtml, type Line, perClassHtml, resultsHtml } from './results.js';
import { script } from './script.js';
import { style } from './style.js';

export interface PageOptions {
  /** Folders that were asked for and could not be opened: they are named on the page. */
  readonly unreadable?: readonly Unreadable[];
  /** The command that makes the report, word by word: the page says how it was made. */
  readonly command: readonly string[];
  readonly title?: string;
}

/** The sizes of a kind of run: `search: epochs 10, batchSize 32, channels 8, layers 4, nodes 2`. */
const sizesText = ({ experiment: { kind, options } }: RunInfo): string =>
  `${capital(kind)}: ${SIZES.flatMap((key) => (options[key] ? [`${key} ${options[key]}`] : [])).join(', ')}`;

const summary = (lines: readonly Line[], infos: readonly [RunInfo, ...RunInfo[]]): Html => {
  const { classes, counts, name } = infos[0].data;
  const seeds = lines.map((line) => line.seeds.length);
  const [fewest, most] = [Math.min(...seeds), Math.max(...seeds)];
  const many = fewest === most ? plural(most, 'seed') : `${fewest} to ${most} seeds`;
  const each = lines.length === 1 ? '' : ' each';
  const total = (of: readonly number[]) => grouped(sum(of));
  const sizes = [...new Set(infos.map(sizesText))].join('; ');
  return html`<p>This report is on ${plural(lines.length, 'method')}, with ${many}${each}, on ${name}:
${classes.length} classes${facts.tailText(infos[0])}, ${total(counts.train)} in all; ${total(counts.valid)} images for
validation and ${total(counts.test)} for the test. ${sizes}.</p>`;
};

/** The run of a row that is shown where only one can be: its first finished one, or the first with an epoch. */
const shownOf = ({ members }: Line): LoadedRun[] => {
  const begun = members.filter((run) => run.records.length > 0);
  const shown = begun.find((run) => run.evaluation !== undefined) ?? begun[0];
  return shown === undefined ? [] : [shown];
};

const figureCards = (runs: readonly LoadedRun[]): Html[] =>
  // A run that failed is listed, and not drawn as if it were a result.
  figuresFor(runs.filter(({ failure }) => failure === undefined)).map(
    ({ name, title, caption, svg }, at) => html`<figure class="plot" id="figure-${name}">
<div class="card"><div class="scroll" tabindex="0" role="group">${trusted(svg)}</div></div>
<figcaption><b>Figure ${at + 1}. ${title}.</b> ${caption}</figcaption></figure>\n`,
  );

/** The cells of one run per row. */
const cellFigures = async (lines: readonly Line[]): Promise<Html[]> => {
  const drawings: Drawings = new Map();
  const figures: Html[] = [];
  for (const [at, run] of lines.flatMap(shownOf).entries())
    figures.push(...(await cellsFigure(run, `cells-${at + 1}`, drawings)));
  if (figures.length === 0) return [];
  const intro = html`<p>What would be derived from a search after each epoch, the last one shown first; of a training,
the cells of its network. One run of each method.</p>`;
  return [intro, ...figures, ...cellTemplates(drawings)];
};

const confusions = (lines: readonly Line[]): Html[] => {
  const tested = lines.flatMap(({ members }) => members.find((run) => run.evaluation !== undefined) ?? []);
  if (tested.length === 0) return [];
  return [
    html`<p>Rows are true classes, columns what the network takes them for, in test images; shading is the share of the
row. One run of each method.</p>
<div class="matrices">${tested.map(confusionHtml)}</div>`,
  ];
};

/**
 * The report on runs as one HTML document: tables, figures, cells over epochs, and all that is needed to judge and
 * repeat them. It needs no network, and scripts only for the sliders. Throws a ComparisonError when the runs may not
 * stand in one table.
 */
export const reportPage = async (
  given: readonly LoadedRun[],
  { command, title: own, unreadable = [] }: PageOptions,
): Promise<string> => {
  const runs = setApart(withoutCommon(given));
  const [first, ...others] = runs.map(({ info }) => info);
  if (first === undefined) throw new RangeError('Cannot make report: it must have at least 1 run, got none');
  requireComparable(runs);
  const searched = [first, ...others].some(isSearch);
  const title = own ?? `${searched ? 'Architecture search' : 'Training'} on long-tailed images`;
  const rows = byRow(runs);
  const lines = resultRows(runs).map((row, at): Line => ({ ...row, members: rows[at]?.runs ?? [] }));
  const claims = measureClaims(runs);
  const sensitivity = sensitivityOf(runs);
  const all: [id: string, heading: string, body: readonly Html[]][] = [
    ['results', 'Results', [resultsHtml(lines), caveats(lines), groupsHtml(lines)]],
    ['claims', 'The paper’s claims', claims.length === 0 ? [] : [claimsHtml(claims)]],
    ['sensitivity', 'Sensitivity', sensitivity.length === 0 ? [] : [sensitivityHtml(sensitivity)]],
    ['classes', 'Accuracy by class', lines.some((line) => line.mean !== null) ? [perClassHtml(lines)] : []],
    ['figures', 'Figures', figureCards(runs)],
    ['confusion', 'Confusion', confusions(lines)],
    ['cells', 'Cells', await cellFigures(lines)],
    ['methods', 'Methods', [facts.methodsHtml(rows.flatMap((row) => row.runs[0]?.info ?? []))]],
    ['settings', 'Settings and machines', [facts.settingsHtml(runs)]],
    ['data', 'Data', [facts.dataHtml(first)]],
    ['choices', 'Choices that the paper leaves open', searched ? [facts.choicesHtml()] : []],
    ['commands', 'Commands', [facts.commandsHtml(runs, command)]],
  ];
  const sections = all.filter(([, , body]) => body.length > 0);
  const links = sections.map(([id, heading]) => html`<li><a href="#${id}">${heading}</a></li>`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="tailnas">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
<header><h1>${title}</h1>
${summary(lines, [first, ...others])}
${facts.problemsNotice(runs, unreadable)}
<nav aria-label="Sections"><ul>${links}</ul></nav></header>
${sections.map(([id, heading, body]) => html`<section id="${id}"><h2>${heading}</h2>\n${body}</section>\n`)}</main>
<script>${trusted(script)}</script>
</body>
</html>
`.markup;
};
