import { crossEntropy, type Loss } from '../loss/index.js';
import type { SearchMethod } from '../method/index.js';
import { constant, cosine, product, type Schedule } from '../schedule/index.js';
import type { Settings } from './settings.js';

/** A whole experiment: a method with its settings, and what the paper reports for it. */
export interface Recipe {
  /** What the command line calls it. */
  readonly name: string;
  readonly label: string;
  /** Accuracy in percent that the paper reports, if it has this row. */
  readonly paper?: number;
  readonly method: SearchMethod;
  readonly loss?: Loss;
  readonly settings: Settings;
}

/** The weights' learning rate: half a cosine over all epochs. */
export const weightLr = ({ settings }: Recipe): Schedule => cosine(settings.weightLr, settings.weightLrMin);

/** A component's architecture learning rate: the base rate times the method's factor for it. This line is heterogeneous LR scheduling. */
export const archLr = ({ settings, method }: Recipe, component: string): Schedule =>
  product(constant(settings.archLr), method.archLr?.[component] ?? constant(1));

/** The recipe as `run.json` and `--dry-run` print it: plain data that says everything a reader needs. */
export const describeRecipe = (recipe: Recipe) => ({
  name: recipe.name,
  label: recipe.label,
  paper: recipe.paper ?? null,
  method: {
    label: recipe.method.label,
    streams: [...recipe.method.streams],
    mixing: recipe.method.mixing?.label ?? null,
    archLr: Object.fromEntries(Object.entries(recipe.method.archLr ?? {}).map(([name, s]) => [name, s.label])),
  },
  loss: (recipe.loss ?? crossEntropy()).label,
  settings: { ...recipe.settings },
});
