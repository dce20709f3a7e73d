import { measureClaims } from './claims.js';
import { figuresFor } from './figures/index.js';
import { cellsFigure, cellTemplates, type Drawings } from './page-cells.js';
import { claimsTable, sensitivityTables } from './page-claims.js';
import {
  choicesTable,
  commandsList,
  costTable,
  dataTable,
  genotypesList,
  methodsTable,
  problemsNotice,
  settingsTables,
  tailText,
} from './page-facts.js';
import { counted, grouped, type Html, html, trusted } from './page-html.js';
import { caveats, confusionTable, groupsTable, type Line, perClassTable, resultsTable } from './page-results.js';
import { script } from './page-script.js';
import { style } from './page-style.js';
import { byRow, requireComparable, resultRows, withoutCommon } from './results.js';
import type { LoadedRun, Unreadable } from './runs.js';
import { sensitivityOf } from './sensitivity.js';

export interface PageOptions {
  /** Folders that were asked for and could not be opened: they are named on the page. */
  readonly unreadable?: readonly Unreadable[];
  /** The command that makes the report, word by word: the page says how it came about. */
  readonly command: readonly string[];
  readonly title?: string;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const summary = (lines: readonly Line[], first: LoadedRun): Html => {
  const { data, recipe, overrides } = first.info;
  const { epochs, batchSize, channels, layers } = recipe.settings;
  const seeds = lines.map(({ row }) => row.seeds.length);
  const [fewest, most] = [Math.min(...seeds), Math.max(...seeds)];
  const scale = overrides['scale'];
  const many = fewest === most ? counted(most, ['seed', 'seeds']) : `${fewest} to ${most} seeds`;
  return html`<p>This report ${
    lines.length === 1 ? 'is on one method' : `compares ${lines.length} methods`
  } of architecture search, with ${many}${lines.length === 1 ? '' : ' each'}, on ${data.name}: ${data.classes.length} classes${tailText(first.info)}, ${grouped(sum(data.counts.train))} in all; ${grouped(
    sum(data.counts.valid),
  )} images for validation and ${grouped(sum(data.counts.test))} for the test. ${scale === undefined ? '' : `Scale ${String(scale)}: `}${
    epochs === undefined ? '' : `${epochs} epochs of search, `
  }batches of ${batchSize ?? 'unknown size'}, ${channels ?? '?'} channels in the first of ${layers ?? '?'} cells.</p>`;
};

/** The run of a row that stands for it where only one can be shown: its first finished one, or else the first with an epoch. */
const shownOf = ({ runs }: Line): LoadedRun[] => {
  const shown =
    runs.find((run) => run.evaluation !== undefined && run.records.length > 0) ??
    runs.find((run) => run.records.length > 0);
  return shown === undefined ? [] : [shown];
};

/**
 * The report on runs as one HTML document: tables, figures, cells over epochs, and all that is needed to judge and repeat them.
 * It needs no network, and scripts only for the sliders. Throws a ComparisonError when the runs may not stand in one table.
 */
export const reportPage = async (
  given: readonly LoadedRun[],
  { command, title = 'Architecture search on long-tailed images', unreadable = [] }: PageOptions,
): Promise<string> => {
  const runs = withoutCommon(given);
  const [first] = runs;
  if (first === undefined) throw new RangeError('Cannot make report: it must have at least 1 run, got none');
  requireComparable(runs);
  const groups = byRow(runs);
  const lines = resultRows(runs).map((row, at): Line => ({ row, runs: groups[at] ?? [] }));
  const shown = lines.flatMap(shownOf);
  const tested = lines.flatMap(({ runs }) => runs.find((run) => run.evaluation !== undefined) ?? []);
  // A run that failed is told of, and not drawn as if it were a result.
  const figures = figuresFor(runs.filter(({ failure }) => failure === undefined));
  const claims = measureClaims(runs);
  const sensitivity = sensitivityOf(runs);
  const cells: Html[] = [];
  const drawings: Drawings = new Map();
  for (const [at, run] of shown.entries()) cells.push(await cellsFigure(run, { id: `cells-${at + 1}`, drawings }));

  const plots = figures.map(
    ({ name, title, caption, svg }, at) => html`<figure class="plot" id="figure-${name}">
<div class="card"><div class="scroll" tabindex="0" role="group">${trusted(svg)}</div></div>
<figcaption><b>Figure ${at + 1}. ${title}.</b> ${caption}</figcaption></figure>\n`,
  );
  const all: [id: string, heading: string, body: Html | null][] = [
    ['results', 'Results', html`${resultsTable(lines)}${caveats(lines)}${groupsTable(lines)}`],
    ['claims', 'The paper’s claims', claims.length === 0 ? null : claimsTable(claims)],
    ['sensitivity', 'Sensitivity', sensitivity.length === 0 ? null : sensitivityTables(sensitivity)],
    ['classes', 'Accuracy by class', tested.length === 0 ? null : perClassTable(lines)],
    ['figures', 'Figures', plots.length === 0 ? null : html`${plots}`],
    [
      'confusion',
      'Confusion',
      tested.length === 0
        ? null
        : html`<p>Rows are true classes, columns what the network takes them for, in test images; shading is the share of the row. One run of each method.</p>
<div class="matrices">${tested.map(confusionTable)}</div>`,
    ],
    [
      'cells',
      'Cells',
      shown.length === 0
        ? null
        : html`<p>What would be derived from the search after each epoch, one run of each method. The last epoch is shown first.</p>${cells}${cellTemplates(drawings)}`,
    ],
    ['genotypes', 'Genotypes as text', shown.length === 0 ? null : genotypesList(shown)],
    ['methods', 'Methods', methodsTable(lines)],
    ['settings', 'Settings and machines', settingsTables(runs)],
    ['data', 'Data', dataTable(first.info)],
    ['cost', 'Cost', costTable(runs)],
    [
      'choices',
      'Choices that the paper leaves open',
      html`<p>The paper’s text does not settle these. Each is what tailnas does unless a run’s command or switches say otherwise.</p>${choicesTable()}`,
    ],
    ['commands', 'Commands', commandsList(runs, { command })],
  ];
  const sections = all.flatMap(([id, heading, body]) => (body === null ? [] : [{ id, heading, body }]));
  const page = html`<!doctype html>
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
${summary(lines, first)}
${problemsNotice(runs, unreadable)}
<nav aria-label="Sections"><ul>${sections.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`)}</ul></nav></header>
${sections.map(({ id, heading, body }) => html`<section id="${id}"><h2>${heading}</h2>\n${body}</section>\n`)}</main>
<script>${trusted(script)}</script>
</body>
</html>
`;
  return page.markup;
};
