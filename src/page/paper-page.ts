import {
  byRow,
  capital,
  grouped,
  isSearch,
  type LoadedRun,
  measureClaims,
  plural,
  resultRows,
  SIZES,
  sensitivityOf,
  sum,
} from '../measure/index.js';
import type { RunInfo } from '../run/index.js';
import { claimsHtml, sensitivityHtml } from './claims.js';
import { documentHtml } from './document.js';
import * as facts from './facts.js';
import { type Html, html } from './html.js';
import type { PageOptions } from './page.js';
import { cellFigures, confusions, figureCards } from './parts.js';
import { caveats, groupsHtml, type Line, perClassHtml, resultsHtml } from './results.js';

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

/** The report on runs on the paper's data: beside its figures, and with its claims measured. */
export const paperPage = async (
  runs: readonly LoadedRun[],
  infos: readonly [RunInfo, ...RunInfo[]],
  { command, title: own, unreadable = [] }: PageOptions,
): Promise<string> => {
  const searched = infos.some(isSearch);
  const title = own ?? `${searched ? 'Architecture search' : 'Training'} on long-tailed images`;
  const rows = byRow(runs);
  const lines = resultRows(runs).map((row, at): Line => ({ ...row, members: rows[at]?.runs ?? [] }));
  const claims = measureClaims(runs);
  const sensitivity = sensitivityOf(runs);
  const tested = lines.some((line) => line.mean !== null);
  return documentHtml(title, {
    top: [summary(lines, infos), facts.problemsNotice(runs, unreadable)],
    sections: [
      { id: 'results', heading: 'Results', body: [resultsHtml(lines), caveats(lines), groupsHtml(lines)] },
      { id: 'claims', heading: 'The paper’s claims', body: claims.length === 0 ? [] : [claimsHtml(claims)] },
      {
        id: 'sensitivity',
        heading: 'Sensitivity',
        body: sensitivity.length === 0 ? [] : [sensitivityHtml(sensitivity)],
      },
      { id: 'classes', heading: 'Accuracy by class', body: tested ? [perClassHtml(lines)] : [] },
      { id: 'figures', heading: 'Figures', body: figureCards(runs, { papers: true }) },
      { id: 'confusion', heading: 'Confusion', body: confusions(lines) },
      { id: 'cells', heading: 'Cells', body: await cellFigures(lines) },
      {
        id: 'methods',
        heading: 'Methods',
        body: [facts.methodsHtml(rows.flatMap((row) => row.runs[0]?.info ?? []))],
      },
      { id: 'settings', heading: 'Settings and machines', body: [facts.settingsHtml(runs)] },
      { id: 'data', heading: 'Data', body: [facts.dataHtml(infos[0])] },
      {
        id: 'choices',
        heading: 'Choices that the paper leaves open',
        body: searched ? [facts.choicesHtml()] : [],
      },
      { id: 'commands', heading: 'Commands', body: [facts.commandsHtml(runs, command)] },
    ],
  });
};
