import type { Values } from '../experiment/index.js';
import { choices, type PaperFigure, paperFigures, paperTables } from '../paper/index.js';

const isFigure = (name: string): name is PaperFigure => name in paperFigures;
const FIGURES = Object.keys(paperFigures).filter(isFigure);

/** What a table or figure is made of. */
export interface Study {
  /** Names of all recipes that are needed as they stand. */
  readonly recipes: readonly string[];
  /** Those that are rows of its table, in the paper's order; empty where there is none. */
  readonly table: readonly string[];
  readonly figures: readonly PaperFigure[];
  /** Recipes that are needed once more with something changed. */
  readonly changes?: readonly { readonly change: Values; readonly recipes: readonly string[] }[];
}

/**
 * Sensitivity study: each inferred choice is varied alone, on the recipes whose claims it affects most (all of them
 * would take twice as long). Without eq 17 HLS is DARTS + BBN.
 */
const SENSITIVITY: Study = {
  recipes: ['darts', 'darts-bbn', 'hls', 'hls-reverse-sigmoid'],
  table: ['darts', 'darts-bbn', 'hls', 'hls-reverse-sigmoid'],
  figures: [],
  changes: choices.flatMap(({ varied }) => varied),
};

export const studyNames = ['table1', 'table2', ...FIGURES, 'all', 'sensitivity'] as const;
export type StudyName = (typeof studyNames)[number];

/**
 * For `reproduce`: what is needed for a table or figure of the paper, by its name there; or for what depends on what is
 * inferred.
 */
export const study = (name: StudyName): Study => {
  if (name === 'sensitivity') return SENSITIVITY;
  const { table1, table2 } = paperTables;
  const table = name === 'table1' ? table1 : name === 'table2' || name === 'all' ? table2 : [];
  const figures = FIGURES.filter((figure) => name === figure || name === 'all');
  return { recipes: [...new Set([...table, ...figures.flatMap((f) => paperFigures[f].recipes)])], table, figures };
};
