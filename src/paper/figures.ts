const CONTINUED = ['hls-continued-class', 'hls-continued-half', 'hls-continued-reverse', 'hls-continued-frozen'];

/**
 * The paper's figures that are made from runs: what each shows, by the name of our kind of figure, and of which rows.
 * Figure 1 is a drawing of the network; figure 5 draws formulas and needs no run.
 */
export const paperFigures = {
  figure2: { shows: 'training', recipes: ['darts-bbn'] },
  figure3: { shows: 'alpha', recipes: ['darts-bbn'] },
  figure4: { shows: 'mixing', recipes: ['darts-bbn'] },
  figure5: { shows: 'freeze', recipes: [] },
  figure6: { shows: 'scaling', recipes: ['hls', 'darts-bbn'] },
  figure7: { shows: 'alpha', recipes: ['hls'] },
  figure8: { shows: 'continued', recipes: ['hls', ...CONTINUED] },
} as const;

export type PaperFigure = keyof typeof paperFigures;
