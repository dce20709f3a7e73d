import { paperFigures } from '../report/figures/index.js';

const FIGURES = ['figure2', 'figure3', 'figure4', 'figure5', 'figure6', 'figure7', 'figure8'] as const;
export type FigureName = (typeof FIGURES)[number];

/** What a table or figure of the paper is made of. */
export interface Experiment {
  /** Names of all recipes that are needed. */
  readonly recipes: readonly string[];
  /** Those that are rows of its table, in the paper's order; empty where there is none. */
  readonly table: readonly string[];
  readonly figures: readonly FigureName[];
}

/** The recipe whose finished search all continued ones go on from (paper, section V-D). */
export const CONTINUED_FROM = 'hls';

const TABLE1 = ['darts', 'darts-resampling', 'darts-bbn'];
const TABLE2 = [...TABLE1, 'hls', 'hls-reverse-sigmoid', 'hls-continued-half'];

export const experimentNames = ['table1', 'table2', ...FIGURES, 'all'] as const;
export type ExperimentName = (typeof experimentNames)[number];

/** For `reproduce`: what is needed for a table or figure of the paper, by its name there. */
export const experiment = (name: ExperimentName): Experiment => {
  const table = name === 'table1' ? TABLE1 : name === 'table2' || name === 'all' ? TABLE2 : [];
  const figures = FIGURES.filter((figure) => name === figure || name === 'all');
  return { recipes: [...new Set([...table, ...figures.flatMap((f) => paperFigures[f].recipes)])], table, figures };
};
