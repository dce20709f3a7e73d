import { figures, figuresFor } from '../figure/index.js';
import { type LoadedRun, rowLabel } from '../measure/index.js';
import { cellsFigure, cellTemplates, type Drawings } from './cells.js';
import { figureHtml, sideBySide } from './figure.js';
import { type Html, html } from './html.js';
import { confusionHtml, type Line } from './results.js';

/** The run of a row that is shown where only one can be: its first finished one, or the first with an epoch. */
const shownOf = ({ members }: Line): LoadedRun[] => {
  const begun = members.filter((run) => run.records.length > 0);
  const shown = begun.find((run) => run.evaluation !== undefined) ?? begun[0];
  return shown === undefined ? [] : [shown];
};

/** More figures that are of one row each are folded. */
const MOST_OF_ONE = 3;

/** A figure behind its name: of many alike, the first is enough for most readers. */
const folded = (figure: Html, { info }: LoadedRun): Html =>
  html`<details class="more"><summary>Cells of ${rowLabel(info)}</summary>${figure}</details>`;

/** All figures of runs, side by side; those that are of the paper alone only where asked for. */
export const figureCards = (runs: readonly LoadedRun[], { papers }: { papers: boolean }): Html[] => {
  // A run that failed is listed, and not drawn as if it were a result.
  const drawn = figuresFor(
    runs.filter(({ failure }) => failure === undefined),
    { papers },
  );
  // A figure of one row has its name behind that of its kind.
  const known = new Set(figures.names());
  const [ofAll, ofOne] = [drawn.filter(({ name }) => known.has(name)), drawn.filter(({ name }) => !known.has(name))];
  const cards = [...ofAll, ...ofOne].map((of, at) =>
    figureHtml(of, { id: `figure-${of.name}`, label: `Figure ${at + 1}.`, beside: true }),
  );
  const open = ofOne.length > MOST_OF_ONE ? ofAll.length : cards.length;
  const [shown, behind] = [cards.slice(0, open), cards.slice(open)].map(sideBySide);
  if (cards.length === 0 || shown === undefined || behind === undefined) return [];
  if (open === cards.length) return [shown];
  const summary = html`<summary>${ofOne.length} figures of one method each</summary>`;
  return [shown, html`<details class="more">${summary}${behind}</details>`];
};

/** The cells of one run per row. */
export const cellFigures = async (lines: readonly Line[]): Promise<Html[]> => {
  const drawings: Drawings = new Map();
  const cells: Html[] = [];
  for (const [at, run] of lines.flatMap(shownOf).entries())
    cells.push(
      ...(await cellsFigure(run, `cells-${at + 1}`, drawings)).map((figure) =>
        at === 0 ? figure : folded(figure, run),
      ),
    );
  if (cells.length === 0) return [];
  const intro = html`<p>What would be derived from a search after each epoch, the last one shown first; of a training,
the cells of its network. One run of each method.</p>`;
  return [intro, ...cells, ...cellTemplates(drawings)];
};

/** The confusion matrix of one run per row. */
export const confusions = (lines: readonly Line[]): Html[] => {
  const tested = lines.flatMap(({ members }) => members.find((run) => run.evaluation !== undefined) ?? []);
  if (tested.length === 0) return [];
  return [
    html`<p>Rows are true classes, columns what the network takes them for, in test images; shading is the share of the
row. One run of each method.</p>
<div class="matrices">${tested.map(confusionHtml)}</div>`,
  ];
};
