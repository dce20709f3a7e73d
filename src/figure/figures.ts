import { byRow, type LoadedRun, mixes, rowName } from '../measure/index.js';
import { paperFigures } from '../paper/index.js';
import { alpha } from './alpha.js';
import { type Figure, FigureError } from './canvas.js';
import { classes } from './classes.js';
import { continued } from './continued.js';
import { gradients } from './gradients.js';
import type { FigureKind } from './kind.js';
import { mixing, scaling } from './mixing.js';
import { freeze } from './schedule.js';
import { training } from './training.js';

const shows = { training, alpha, mixing, freeze, scaling, continued };

/** The paper's figures by its numbers (1 is a drawing of the network). */
const numbered = Object.entries(paperFigures).map(
  ([name, { shows: kind, recipes }]): FigureKind => ({ ...shows[kind], name, recipes, of: 'all', page: 'always' }),
);

const own = [classes, training, alpha, mixing, gradients, scaling, continued, freeze];
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

/** `gradients-hls`: the stem of a figure's file, with the row that it is of. */
export const stemOf = ({ name, of }: FigureKind, [run]: readonly LoadedRun[]): string =>
  of === 'all' || run === undefined
    ? name
    : [name, ...rowName(run.info).split(/[^a-z0-9.]+/i)].filter(Boolean).join('-');

/** Which runs a page draws a kind of figure of: once for each group. */
const groupsOf = ({ of, page, recipes }: FigureKind, runs: readonly LoadedRun[]): (readonly LoadedRun[])[] => {
  const rows = byRow(runs).map((row) => row.runs);
  if (page === 'never' || (page === 'alone' && rows.length !== 1)) return [];
  if (recipes === undefined) return of === 'row' ? rows : [runs];
  // A figure of formulas is shown beside runs that use them.
  if (recipes.length === 0) return runs.some(({ info }) => mixes(info)) ? [[]] : [];
  return [runs.filter(({ info }) => recipes.includes(rowName(info)))];
};

/** Every figure that a page shows of the runs, without those that the runs lack values for. */
export const figuresFor = (runs: readonly LoadedRun[]): Figure[] => {
  const drawn = figures.all().flatMap((kind) =>
    groupsOf(kind, runs).flatMap((group) => {
      try {
        return [kind.draw(group, stemOf(kind, group))];
      } catch (error) {
        if (error instanceof FigureError) return [];
        throw error;
      }
    }),
  );
  // What has a number in the paper is not shown again without it.
  return drawn.filter(({ svg }, i) => drawn.findIndex((other) => other.svg === svg) === i);
};
