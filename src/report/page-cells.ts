import { type CellGenotype, type EpochRecord, type Genotypes, printCell } from '../run/index.js';
import { cellSvg } from './cells.js';
import { type Html, html, trusted } from './page-html.js';
import { rowLabel } from './results.js';
import type { LoadedRun } from './runs.js';

interface Place {
  readonly component: string;
  readonly kind: 'normal' | 'reduction';
}

const KINDS = ['normal', 'reduction'] as const;

const titleOf = ({ component, kind }: Place): string =>
  `${component.charAt(0).toUpperCase()}${component.slice(1)}, ${kind} cell`;

const placesOf = (genotypes: Genotypes): Place[] =>
  Object.entries(genotypes).flatMap(([component, kinds]) =>
    KINDS.filter((kind) => kinds[kind] !== undefined).map((kind) => ({ component, kind })),
  );

/** The cells of one place over epochs: each different one once, and by epoch which one it is. */
const history = (
  records: readonly EpochRecord[],
  { component, kind }: Place,
): { cells: CellGenotype[]; epochs: number[] } => {
  const known = new Map<string, number>();
  const cells: CellGenotype[] = [];
  const epochs = records.map((record) => {
    const cell = record.genotype[component]?.[kind];
    if (cell === undefined) return -1;
    const key = JSON.stringify(cell);
    const at = known.get(key) ?? cells.push(cell) - 1;
    known.set(key, at);
    return at;
  });
  return { cells, epochs };
};

const drawn = async (cell: CellGenotype, title: string): Promise<Html> => {
  try {
    return trusted(await cellSvg(cell, { title }));
  } catch (error) {
    return html`<p class="warn">${error instanceof Error ? error.message : String(error)}</p>`;
  }
};

const label = (records: readonly EpochRecord[]): string[] => {
  const phases = new Set(records.map(({ phase }) => phase)).size;
  return records.map(
    ({ epoch, phase, mixing }) =>
      `epoch ${epoch + 1} of ${records.length}${phases > 1 ? `, ${phase}` : ''}${mixing === null ? '' : `, mixing ${mixing.toFixed(2)}`}`,
  );
};

/** Drawings of cells that wait for a slider, each once for all runs of a page; by their order of coming, from 1. */
export type Drawings = Map<string, number>;

/** For the end of a page: its drawings, as templates that its script copies. */
export const cellTemplates = (drawings: Drawings): Html[] =>
  [...drawings].map(([markup, at]) => html`<template id="cell-${at}">${trusted(markup)}</template>\n`);

/**
 * The derived cells of a run as graphs, with one slider over its epochs. Those of the last epoch are drawn in place, and are all that is seen without
 * scripts; the others are added to `drawings`. `data-epochs` says which is whose: 0 the one in place, n template n, -1 none.
 */
export const cellsFigure = async (
  { info, records, path }: LoadedRun,
  { id, drawings }: { id: string; drawings: Drawings },
): Promise<Html> => {
  const last = records.at(-1);
  if (last === undefined) return html``;
  const places = placesOf(last.genotype);
  const graphs = await Promise.all(
    places.map(async (place) => {
      const { cells, epochs } = history(records, place);
      const shown = epochs.at(-1);
      const states = await Promise.all(cells.map((cell) => drawn(cell, titleOf(place))));
      const names = states.map(({ markup }, at) => {
        if (at === shown) return 0;
        const known = drawings.get(markup) ?? drawings.size + 1;
        drawings.set(markup, known);
        return known;
      });
      const words = epochs.map((at) => names[at] ?? -1).join(' ');
      return html`<div class="cell scroll" tabindex="0" role="group" data-epochs="${words}"><div>${states[shown ?? -1] ?? null}</div></div>`;
    }),
  );
  const labels = label(records);
  return html`<figure class="cells" id="${id}">
<h3>${rowLabel(info)} <small>seed ${info.seed}, ${path}</small></h3>
<div class="slider" hidden><label for="${id}-epoch">Cells derived after <output for="${id}-epoch">${labels.at(-1) ?? ''}</output></label>
<input type="range" id="${id}-epoch" min="1" max="${records.length}" value="${records.length}" data-labels="${JSON.stringify(labels)}"></div>
<div class="graphs">${graphs}</div>
</figure>`;
};

/** The last genotype that is known of a run, as text by component and kind. */
export const genotypeTexts = ({ records, genotypes }: LoadedRun): [string, string][] => {
  const last = genotypes ?? records.at(-1)?.genotype ?? {};
  return placesOf(last).flatMap((place) => {
    const cell = last[place.component]?.[place.kind];
    return cell === undefined ? [] : [[titleOf(place), printCell(cell)]];
  });
};
