import { byRow, type LoadedRun, type Row } from '../measure/index.js';
import type { Drawing } from './canvas.js';
import { type Look, rowLook, rowLooks } from './looks.js';

/** A row as a series of a figure. */
export interface Seeds extends Row {
  /** For legends: the label and how many runs. */
  readonly text: string;
  readonly look: Look;
}

/** The runs by row, in the paper's order. */
export const seedsOf = (runs: readonly LoadedRun[]): Seeds[] => {
  const rows = byRow(runs);
  const looks = rowLooks(rows.map(({ name }) => name));
  return rows.map((row) => ({
    ...row,
    text: `${row.label} (n = ${row.runs.length})`,
    look: looks.get(row.name) ?? rowLook(row.name),
  }));
};

interface Common {
  readonly name: string;
  /** When a page shows it: always, where all runs are of one row, or never. */
  readonly page: 'always' | 'alone' | 'never';
  /** Whether each run is drawn by itself, so that nothing is a mean over seeds. */
  readonly eachRun?: true;
  /** The recipes that it is of, where it is a figure of the paper. */
  readonly recipes?: readonly string[];
}

/**
 * A kind of figure: what `tailnas plot <name>` draws, and a page shows: of each row apart, of all rows together, or of
 * formulas. `draw` throws a FigureError that says what is missing when the runs lack what it shows.
 */
export type FigureKind = Common &
  (
    | { readonly of: 'row'; readonly draw: (seeds: Seeds) => Drawing }
    | { readonly of: 'rows'; readonly draw: (rows: readonly Seeds[]) => Drawing }
    | { readonly of: 'formulas'; readonly draw: () => Drawing }
  );
