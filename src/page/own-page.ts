import {
  byRow,
  isSearch,
  type LoadedRun,
  mean,
  plural,
  resultRows,
  rowLabel,
  sensitivityOf,
} from '../measure/index.js';
import type { RunInfo } from '../run/index.js';
import { changesHtml } from './claims.js';
import { classFigureHtml, classTableHtml, mistakesHtml } from './class-section.js';
import { documentHtml } from './document.js';
import * as facts from './facts.js';
import { type Html, html } from './html.js';
import { nothingYet, resultSentences } from './lead.js';
import { mosaicsHtml } from './mosaics.js';
import { ownDataHtml } from './own-data.js';
import type { PageOptions } from './page.js';
import { cellFigures, confusions, figureCards } from './parts.js';
import { caveats, groupsHtml, type Line, perClassHtml, resultsHtml } from './results.js';

/** Mean per class on the validation images after the last epoch: what a network is chosen by. */
const validOf = ({ records }: LoadedRun): number => {
  const known = (records.at(-1)?.perClassAccuracy ?? []).filter((value) => value !== null);
  return known.length === 0 ? -1 : mean(known);
};

/** The run that a page is mostly about: a trained network rather than a supernet, the best on the validation images. */
export const bestRun = (runs: readonly LoadedRun[]): LoadedRun | undefined => {
  const tested = runs.filter(({ evaluation }) => evaluation !== undefined);
  const trained = tested.filter(({ info }) => !isSearch(info));
  return (trained.length > 0 ? trained : tested).toSorted((a, b) => validOf(b) - validOf(a))[0];
};

const leadHtml = (best: LoadedRun | undefined, runs: readonly LoadedRun[]): Html => {
  if (best === undefined) return html`<p class="lead">${nothingYet(runs)}</p>`;
  const { info } = best;
  const which =
    runs.length === 1 ? 'This page is on' : `Of ${plural(runs.length, 'run')}, the best on the validation images is`;
  const what = isSearch(info)
    ? html`All this is of the supernet that was searched in, not of the network found:
<code>tailnas train ${best.path}</code> trains that.`
    : null;
  const sentences = resultSentences(best);
  return html`<p class="lead">${which} <b>${rowLabel(info)}</b> (seed ${info.seed}). ${sentences.flatMap((sentence) => [
    sentence,
    html` `,
  ])}${what}</p>`;
};

/** The report on runs on a user's own data: about these data, without what is of the paper alone. */
export const ownPage = async (
  runs: readonly LoadedRun[],
  infos: readonly [RunInfo, ...RunInfo[]],
  { command, title: own, unreadable = [] }: PageOptions,
): Promise<string> => {
  const [first] = infos;
  const { name, classes } = first.data;
  const rows = byRow(runs);
  const lines = resultRows(runs).map((row, at): Line => ({ ...row, members: rows[at]?.runs ?? [] }));
  const best = bestRun(runs);
  const sensitivity = sensitivityOf(runs);
  const compared = lines.filter((line) => line.mean !== null).length > 1;
  return documentHtml(own ?? `${name}: ${plural(classes.length, 'class', 'classes')}`, {
    top: [
      leadHtml(best, runs),
      best === undefined ? null : classFigureHtml(best),
      facts.problemsNotice(runs, unreadable),
    ],
    sections: [
      {
        id: 'classes',
        heading: 'Class by class',
        body:
          best === undefined
            ? []
            : [classTableHtml(best), mistakesHtml(best), ...(compared ? [perClassHtml(lines)] : [])],
      },
      { id: 'results', heading: 'Results', body: [resultsHtml(lines), caveats(lines), groupsHtml(lines)] },
      { id: 'pictures', heading: 'Pictures', body: best === undefined ? [] : mosaicsHtml(best) },
      {
        id: 'changes',
        heading: 'What changes add',
        body: sensitivity.length === 0 ? [] : [changesHtml(sensitivity)],
      },
      { id: 'cells', heading: 'Cells', body: await cellFigures(lines) },
      { id: 'figures', heading: 'Figures', body: figureCards(runs, { papers: false }) },
      { id: 'confusion', heading: 'Confusion', folded: true, body: confusions(lines) },
      { id: 'data', heading: 'Data', body: ownDataHtml(first) },
      {
        id: 'methods',
        heading: 'Methods',
        folded: true,
        body: [facts.methodsHtml(rows.flatMap((row) => row.runs[0]?.info ?? []))],
      },
      { id: 'settings', heading: 'Settings and machines', folded: true, body: [facts.settingsHtml(runs)] },
      { id: 'commands', heading: 'Commands', folded: true, body: [facts.commandsHtml(runs, command)] },
    ],
  });
};
