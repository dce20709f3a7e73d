import { byRow, isSearch, type LoadedRun, mixes, requireComparable, rowName, setApart } from '../measure/index.js';
import { paperFigures } from '../paper/index.js';
import { alpha } from './alpha.js';
import { type Drawing, type Figure, FigureError, figure, refuse } from './canvas.js';
import { classes } from './classes.js';
import { continued } from './continued.js';
import { cost } from './cost.js';
import { eigenvalue } from './eigenvalue.js';
import { gradients } from './gradients.js';
import { type FigureKind, seedsOf } from './kind.js';
import { mixing, scaling } from './mixing.js';
import { freeze } from './schedule.js';
import { training } from './training.js';

const shows = { training, alpha, mixing, freeze, scaling, continued };

/** The paper's figures by its numbers (1 is a drawing of the network). */
const numbered = Object.entries(paperFigures).map(
  ([name, { shows: kind, recipes }]): FigureKind => ({ ...shows[kind], name, recipes, page: 'always' }),
);

const own = [classes, cost, training, alpha, mixing, gradients, eigenvalue, scaling, continued, freeze];
const kinds = new Map([...numbered, ...own].map((kind) => [kind.name, kind]));

/** Every kind of figure that has a name: the paper's, ours, then those of a user's own modules. */
export const figures = {
  all: (): readonly FigureKind[] => [...kinds.values()],
  names: (): readonly string[] => [...kinds.keys()],
  named: (name: string): FigureKind | undefined => kinds.get(name),
  /** Throws a RangeError when the name is taken. */
  add: (kind: FigureKind): void => {
    if (kinds.has(kind.name))
      throw new RangeError(`Cannot add figure "${kind.name}": the name is taken; choose another`);
    kinds.set(kind.name, kind);
  },
};

const spreadCaption = (runs: readonly LoadedRun[]): string =>
  runs.length < 2
    ? ' One run.'.repeat(runs.length)
    : ' Lines: mean of the n runs with different seeds; bands: from the lowest to the highest.';

const drawingOf = (kind: FigureKind, runs: readonly LoadedRun[]): Drawing => {
  if (kind.of === 'formulas') return kind.draw();
  const rows = seedsOf(runs);
  const [first] = rows;
  if (first === undefined) return refuse('it needs at least 1 run, got none');
  if (kind.of === 'rows') return kind.draw(rows);
  if (rows.length > 1)
    refuse(`its runs must be of one recipe, got ${rows.map(({ name }) => name).join(', ')}; draw one at a time`);
  if (runs.every(({ records }) => records.length === 0))
    refuse(`${first.name} must have at least 1 epoch, got none; wait for its first one`);
  return kind.draw(first);
};

/**
 * Draws a kind of figure of runs: of one row `gradients-hls`, the stem of its file. Throws a FigureError when the runs
 * lack what it shows, a ComparisonError when they must not stand in one figure.
 */
export const drawFigure = (kind: FigureKind, given: readonly LoadedRun[]): Figure => {
  const runs = setApart(given);
  requireComparable(runs);
  const row = kind.of === 'row' && kind.recipes === undefined ? runs.slice(0, 1).map(({ info }) => rowName(info)) : [];
  const name = [kind.name, ...row.flatMap((text) => text.split(/[^a-z0-9.]+/i))].filter(Boolean).join('-');
  try {
    const { caption, ...drawing } = drawingOf(kind, runs);
    return figure(name, { ...drawing, caption: caption + (kind.eachRun ? '' : spreadCaption(runs)) });
  } catch (error) {
    if (error instanceof FigureError) throw new FigureError(`Cannot draw ${kind.name}: ${error.message}`);
    throw error;
  }
};

/** Which runs a page draws a kind of figure of: once for each group. */
const groupsOf = ({ of, page, recipes }: FigureKind, runs: readonly LoadedRun[]): (readonly LoadedRun[])[] => {
  const rows = byRow(runs).map((row) => row.runs);
  if (page === 'never' || (page === 'alone' && rows.length !== 1)) return [];
  // Formulas are shown with runs that use them.
  if (of === 'formulas') return runs.some(({ info }) => mixes(info) && isSearch(info)) ? [[]] : [];
  if (recipes !== undefined) return [runs.filter(({ info }) => recipes.includes(rowName(info)))];
  return of === 'row' ? rows : [runs];
};

/**
 * Every figure that a page shows of the runs, without those that the runs lack values for; those that are of the paper
 * alone, its recipes and its formulas, unless `papers` is false.
 */
export const figuresFor = (runs: readonly LoadedRun[], { papers = true }: { papers?: boolean } = {}): Figure[] => {
  const kinds = figures.all().filter((kind) => papers || (kind.recipes === undefined && kind.of !== 'formulas'));
  const drawn = kinds.flatMap((kind) =>
    groupsOf(kind, runs).flatMap((group) => {
      try {
        return [drawFigure(kind, group)];
      } catch (error) {
        if (error instanceof FigureError) return [];
        throw error;
      }
    }),
  );
  // What has a number in the paper is not shown again without it.
  return drawn.filter(({ svg }, i) => drawn.findIndex((other) => other.svg === svg) === i);
};
