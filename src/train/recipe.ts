import { crossEntropy, type Loss } from '../loss/index.js';
import type { SearchMethod, Switches } from '../method/index.js';
import { cosine, type Schedule } from '../schedule/index.js';
import { type Continuation, type Phase, phasesOf } from './phase.js';
import type { Settings } from './settings.js';

/** A whole experiment: a method with its settings, and what the paper reports for it. */
export interface Recipe {
  /** What the command line calls it. */
  readonly name: string;
  readonly label: string;
  /** Accuracy in percent that the paper reports, if it has this row. */
  readonly paper?: number;
  readonly method: SearchMethod;
  /** What was changed of the method (`varied`), for the record. */
  readonly switches?: Switches;
  readonly loss?: Loss;
  readonly settings: Settings;
  /** Phases after the search. */
  readonly continued?: readonly Continuation[];
}

/** A recipe with switches of its method turned, on top of those turned before. Throws a RangeError where the method has no such switch. */
export const varied = (recipe: Recipe, switches: Switches): Recipe => {
  if (Object.values(switches).every((value) => value === undefined)) return recipe;
  const { vary } = recipe.method;
  if (vary === undefined)
    throw new RangeError(
      `Cannot vary ${recipe.name}: its method must have branches for ${Object.keys(switches).join(', ')}, it has one`,
    );
  // What the paper reports is of the recipe as it stands.
  const { paper: _, ...rest } = recipe;
  return { ...rest, method: vary(switches), switches: { ...recipe.switches, ...switches } };
};

/** The weights' learning rate in a phase: half a cosine over all its epochs. */
export const weightLr = ({ settings }: Recipe): Schedule => cosine(settings.weightLr, settings.weightLrMin);

const labels = (schedules: Readonly<Record<string, Schedule>>): Record<string, string> =>
  Object.fromEntries(Object.entries(schedules).map(([name, s]) => [name, s.label]));

const describePhase = ({ name, epochs, mixing, archLr, frozen }: Phase) => ({
  name,
  epochs,
  mixing: mixing?.label ?? null,
  archLr: labels(archLr),
  frozen: [...frozen],
});

/** The recipe as `run.json` and `--dry-run` print it: plain data that says everything a reader needs. */
export const describeRecipe = (recipe: Recipe) => {
  const { mixing, ...switches } = recipe.switches ?? {};
  return {
    name: recipe.name,
    label: recipe.label,
    paper: recipe.paper ?? null,
    method: {
      label: recipe.method.label,
      streams: [...recipe.method.streams],
      mixing: recipe.method.mixing?.label ?? null,
      archLr: labels(recipe.method.archLr ?? {}),
    },
    loss: (recipe.loss ?? crossEntropy()).label,
    settings: { ...recipe.settings },
    switches: { ...switches, ...(mixing === undefined ? {} : { mixing: mixing.label }) },
    phases: phasesOf(recipe).slice(1).map(describePhase),
  };
};
