import { type Figure, FigureError } from '../plot.js';
import { byRow, rowName } from '../results.js';
import type { LoadedRun } from '../runs.js';
import { alphaCurves } from './alpha.js';
import { classAccuracy } from './classes.js';
import { continuedTraining } from './continued.js';
import { gradientNorms } from './gradients.js';
import { mixingSweep, scalingSweep } from './mixing.js';
import { freezeFigure } from './schedules.js';
import { trainingCurves } from './training.js';

export { freezeFigure, schedulePlot } from './schedules.js';
export { alphaCurves, classAccuracy, continuedTraining, gradientNorms, mixingSweep, scalingSweep, trainingCurves };

interface Recipe {
  /** The recipes whose runs it needs; empty when it needs none. */
  readonly recipes: readonly string[];
  readonly draw: (runs: readonly LoadedRun[]) => Figure;
}

/** The paper's figures made from runs, by its numbers (1 is a drawing of the network). */
export const paperFigures: Readonly<Record<`figure${2 | 3 | 4 | 5 | 6 | 7 | 8}`, Recipe>> = {
  figure2: { recipes: ['darts-bbn'], draw: (runs) => trainingCurves(runs) },
  figure3: { recipes: ['darts-bbn'], draw: (runs) => alphaCurves(runs, { number: 3 }) },
  figure4: { recipes: ['darts-bbn'], draw: (runs) => mixingSweep(runs) },
  figure5: { recipes: [], draw: () => freezeFigure() },
  figure6: { recipes: ['hls', 'darts-bbn'], draw: scalingSweep },
  figure7: { recipes: ['hls'], draw: (runs) => alphaCurves(runs, { number: 7 }) },
  figure8: {
    recipes: ['hls', 'hls-continued-class', 'hls-continued-half', 'hls-continued-reverse', 'hls-continued-frozen'],
    draw: continuedTraining,
  },
};

/** Figures of the runs of any one recipe. `name` is the stem of the file. */
export const recipeFigures: Readonly<
  Record<
    'training' | 'alpha' | 'mixing' | 'gradients',
    (runs: readonly LoadedRun[], options: { name: string }) => Figure
  >
> = {
  training: (runs, { name }) => trainingCurves(runs, { name, what: 'training curves' }),
  alpha: (runs, { name }) => alphaCurves(runs, { name }),
  mixing: (runs, { name }) => mixingSweep(runs, { name, what: 'the sweep over mixings' }),
  gradients: gradientNorms,
};

/**
 * Every figure that can be drawn from the runs: the paper's, the classes', the gradients of each recipe, and for runs of one recipe alone all that can
 * be said of it. Leaves out those that the runs lack values for.
 */
export const figuresFor = (runs: readonly LoadedRun[]): Figure[] => {
  const mixed = runs.some(({ info }) => info.recipe.method.mixing !== null);
  const rows = byRow(runs);
  const paper = Object.values(paperFigures)
    .filter(({ recipes }) => recipes.length > 0 || mixed)
    .map(
      ({ recipes, draw }) =>
        () =>
          draw(runs.filter(({ info }) => recipes.includes(rowName(info)))),
    );
  const own = rows.flatMap((members) =>
    Object.entries(recipeFigures)
      .filter(([kind]) => kind === 'gradients' || rows.length === 1)
      .map(
        ([kind, draw]) =>
          () =>
            draw(members, { name: stem(kind, members) }),
      ),
  );
  const figures = [...paper, () => classAccuracy(runs), ...own].flatMap((draw) => {
    try {
      return [draw()];
    } catch (error) {
      if (error instanceof FigureError) return [];
      throw error;
    }
  });
  // What has a number in the paper is not shown again without it.
  return figures.filter(({ svg }, i) => figures.findIndex((other) => other.svg === svg) === i);
};

/** `gradients-hls`: the stem of a figure of one recipe. */
export const stem = (kind: string, [run]: readonly LoadedRun[]): string =>
  [kind, ...(run === undefined ? '' : rowName(run.info)).split(/[^a-z0-9.]+/i)].filter(Boolean).join('-');
