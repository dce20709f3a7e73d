import type { LoadedRun } from '../measure/index.js';
import type { Figure } from './canvas.js';

/** A kind of figure: what `tailnas plot <name>` draws, and a page shows. */
export interface FigureKind {
  readonly name: string;
  /** Drawn of each row apart (its seeds), or of all runs together. */
  readonly of: 'row' | 'all';
  /** When a page shows it: always, where all runs are of one row, or never. */
  readonly page: 'always' | 'alone' | 'never';
  /** The recipes that it is of, where it is a figure of the paper; none where it needs no run. */
  readonly recipes?: readonly string[];
  /**
   * Draws it; `name` is the stem of its file. Throws a FigureError when the runs lack what it shows, a ComparisonError
   * when they must not stand in one figure.
   */
  readonly draw: (runs: readonly LoadedRun[], name: string) => Figure;
}
