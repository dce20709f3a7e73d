import { accuracyFigure } from '../figure/index.js';
import {
  byRow,
  type ClaimResult,
  capital,
  finished,
  grouped,
  isSearch,
  type LoadedRun,
  meanAndSd,
  measureClaims,
  plural,
  resultRows,
  SIZES,
  sensitivityOf,
  sum,
} from '../measure/index.js';
import type { RunInfo } from '../run/index.js';
import { claimsHtml, sensitivityHtml, verdictsText } from './claims.js';
import { classFigureHtml } from './class-section.js';
import { documentHtml } from './document.js';
import * as facts from './facts.js';
import { figureHtml } from './figure.js';
import { type Html, html } from './html.js';
import { nothingYet } from './lead.js';
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
  return html`<p class="about">This report is on ${plural(lines.length, 'method')}, with ${many}${each}, on ${name}:
${classes.length} classes${facts.tailText(infos[0])}, ${total(counts.train)} in all; ${total(counts.valid)} images for
validation and ${total(counts.test)} for the test. ${sizes}.</p>`;
};

const accuracyText = (line: Line): Html => html`<b>${meanAndSd(line)} %</b> (${plural(finished(line), 'seed')})`;

/** The paragraph that a page begins with: which method is most accurate, and what comes of the paper's claims. */
const finding = (
  lines: readonly Line[],
  { claims, runs }: { claims: readonly ClaimResult[]; runs: readonly LoadedRun[] },
): Html => {
  const ranked = lines.filter(({ mean }) => mean !== null).toSorted((a, b) => (b.mean ?? 0) - (a.mean ?? 0));
  const [best, last] = [ranked[0], ranked.at(-1)];
  if (best === undefined || last === undefined) return html`<p class="lead">${nothingYet(runs)}</p>`;
  const most =
    best === last
      ? html`<b>${best.label}</b> answers ${accuracyText(best)} of the test images right.`
      : html`Of ${plural(ranked.length, 'method')}, <b>${best.label}</b> has the highest mean accuracy on the test
images, ${accuracyText(best)}, and <b>${last.label}</b> the lowest, ${accuracyText(last)}.`;
  const judged =
    claims.length === 0
      ? null
      : html` Of the paper’s ${plural(claims.length, 'claim')} that these runs can measure, ${verdictsText(claims)}.`;
  const searched = runs.every(({ info }) => isSearch(info))
    ? ' All networks are supernets as they were searched, never retrained.'
    : null;
  return html`<p class="lead">${most}${judged}${searched}</p>`;
};

/** The figure beside it: of all methods, or of the classes of the only one. */
const findingFigure = (lines: readonly Line[], runs: readonly LoadedRun[]): Html | null => {
  const tested = lines.filter(({ mean }) => mean !== null);
  const run = runs.find(({ evaluation }) => evaluation !== undefined);
  if (tested.length > 1) return figureHtml(accuracyFigure(runs), { id: 'accuracy' });
  return run === undefined ? null : classFigureHtml(run);
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
    top: [
      finding(lines, { claims, runs }),
      findingFigure(lines, runs),
      summary(lines, infos),
      facts.problemsNotice(runs, unreadable),
    ],
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
      { id: 'confusion', heading: 'Confusion', folded: true, body: confusions(lines) },
      { id: 'cells', heading: 'Cells', body: await cellFigures(lines) },
      {
        id: 'methods',
        heading: 'Methods',
        folded: true,
        body: [facts.methodsHtml(rows.flatMap((row) => row.runs[0]?.info ?? []))],
      },
      { id: 'settings', heading: 'Settings and machines', folded: true, body: [facts.settingsHtml(runs)] },
      { id: 'data', heading: 'Data', folded: true, body: [facts.dataHtml(infos[0])] },
      {
        id: 'choices',
        heading: 'Choices that the paper leaves open',
        folded: true,
        body: searched ? [facts.choicesHtml()] : [],
      },
      { id: 'commands', heading: 'Commands', folded: true, body: [facts.commandsHtml(runs, command)] },
    ],
  });
};
