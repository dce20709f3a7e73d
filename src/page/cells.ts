import { isDeepStrictEqual } from 'node:util';
import { cellSvg, cellsOf, type PlacedCell } from '../figure/index.js';
import { type LoadedRun, messageOf, rowLabel } from '../measure/index.js';
import { collapseTexts, type EpochRecord, type Genotypes, printCell } from '../run/index.js';
import { twoWidths } from './figure.js';
import { type Html, html, trusted } from './html.js';

/** What a slider stops at: the genotype of an epoch, or the one that a network is trained with. */
interface Stop {
  readonly label: string;
  readonly genotypes: Genotypes;
}

const labelOf = ({ epoch, phase, knobs: { mixing } }: EpochRecord, records: readonly EpochRecord[]): string => {
  const phases = new Set(records.map((record) => record.phase)).size;
  const at = `epoch ${epoch + 1} of ${records.length}${phases > 1 ? `, ${phase}` : ''}`;
  return mixing === undefined ? at : `${at}, mixing ${mixing.toFixed(2)}`;
};

const stopsOf = ({ records, genotypes, info }: LoadedRun): Stop[] => {
  const derived = records.flatMap((record) =>
    record.genotype === undefined ? [] : [{ label: labelOf(record, records), genotypes: record.genotype }],
  );
  const trained = genotypes ?? info.experiment.network?.genotypes ?? {};
  if (derived.length === 0) return [{ label: 'as trained', genotypes: trained }];
  // A stop rule may have taken the cells of an earlier epoch.
  if (genotypes === undefined || isDeepStrictEqual(genotypes, records.at(-1)?.genotype)) return derived;
  const from = records.find(({ genotype }) => isDeepStrictEqual(genotype, genotypes));
  return [...derived, { label: `${from === undefined ? 'the end' : labelOf(from, records)}, taken`, genotypes }];
};

/** Drawings of cells that wait for a slider, each once for all runs of a page; by their order of coming, from 1. */
export type Drawings = Map<string, number>;

/** For the end of a page: its drawings, as templates that its script copies. */
export const cellTemplates = (drawings: Drawings): Html[] =>
  [...drawings].map(([markup, at]) => html`<template id="cell-${at}">${trusted(markup)}</template>\n`);

const drawn = async ({ cell, title }: PlacedCell): Promise<string> => {
  try {
    const [wide, narrow] = [await cellSvg(cell, { title }), await cellSvg(cell, { title, narrow: true })];
    return twoWidths({ wide, narrow }).markup;
  } catch (error) {
    return html`<p class="warn">${messageOf(error)}</p>`.markup;
  }
};

/** One cell over the stops of a slider. `data-epochs` names each one's drawing: 0 in place, n template n, -1 none. */
const cellOverStops = async (last: PlacedCell, stops: readonly Stop[], drawings: Drawings): Promise<Html> => {
  const shown = await drawn(last);
  const known = new Map([[JSON.stringify(last.cell), 0]]);
  const cells = stops.map(({ genotypes }) => cellsOf(genotypes).find(({ title }) => title === last.title));
  for (const placed of cells) {
    const key = JSON.stringify(placed?.cell);
    if (placed === undefined || known.has(key)) continue;
    const markup = await drawn(placed);
    drawings.set(markup, drawings.get(markup) ?? drawings.size + 1);
    known.set(key, drawings.get(markup) ?? 0);
  }
  const names = cells.map((placed) => known.get(JSON.stringify(placed?.cell)) ?? -1).join(' ');
  const inside = html`<div>${trusted(shown)}</div>`;
  return html`<div class="cell" data-epochs="${names}">${inside}</div>`;
};

/**
 * The cells of a run as graphs, with one slider over the epochs of a search, and as text. Those of the last epoch are
 * drawn in place, and are all that is seen without scripts; the others are added to `drawings`, unless only the `last`
 * are asked for. Nothing without cells.
 */
export const cellsFigure = async (
  run: LoadedRun,
  id: string,
  drawings: Drawings,
  { last: only = false }: { last?: boolean } = {},
): Promise<Html[]> => {
  const stops = only ? stopsOf(run).slice(-1) : stopsOf(run);
  const last = stops.at(-1);
  const cells = cellsOf(last?.genotypes ?? {});
  if (last === undefined || cells.length === 0) return [];
  const graphs: Html[] = [];
  for (const cell of cells) graphs.push(await cellOverStops(cell, stops, drawings));
  const labels = JSON.stringify(stops.map(({ label }) => label));
  const slider = html`<div class="slider" hidden>
<label for="${id}-epoch">Cells derived after <output for="${id}-epoch">${last.label}</output></label>
<input type="range" id="${id}-epoch" min="1" max="${stops.length}" value="${stops.length}"
 data-labels="${labels}"></div>`;
  const texts = cells.map(({ title, cell }) => html`<dt>${title}</dt><dd><code>${printCell(cell)}</code></dd>`);
  return [
    html`<figure class="cells" id="${id}">
<h3>${rowLabel(run.info)} <small>seed ${run.info.seed}, ${run.path}</small></h3>
${stops.length > 1 ? slider : null}
${collapseTexts(last.genotypes, run.info.experiment.options).map((text) => html`<p class="warn">${text}</p>`)}
<div class="graphs">${graphs}</div>
<details><summary>As text</summary><dl class="genotypes">${texts}</dl></details>
</figure>`,
  ];
};
