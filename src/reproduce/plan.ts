import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openRun, type RunInfo } from '../run/index.js';
import { type DataRequest, phasesOf, type Recipe, totalEpochs } from '../train/index.js';
import { requireAsked } from './belongs.js';
import { kebab } from './flags.js';

/** Which runs are asked for, and where they live. */
export interface Request {
  /** At their scale. */
  readonly recipes: readonly Recipe[];
  /** The recipe that continued ones go on from, at the same scale. */
  readonly base: Recipe;
  readonly seeds: readonly number[];
  readonly data: DataRequest;
  /** The scale, and single settings beside it: as a search records them. */
  readonly overrides: Readonly<Record<string, unknown>>;
  /** What was changed of every recipe, as flags; `overrides` has its settings as well. */
  readonly change?: Readonly<Record<string, string | number>>;
  readonly out: string;
}

/** A run that is needed, and what is to be done for it. */
export interface PlannedRun {
  /** `<row>-seed-<seed>`; the row is its recipe, with what is changed of it. */
  readonly name: string;
  readonly row: string;
  readonly path: string;
  readonly recipe: Recipe;
  readonly seed: number;
  /** How a search is started for it, beside data and seed. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly state: 'done' | 'resume' | 'start';
  /** For a continued run that is to start: the run whose search it takes over. It must be done first. */
  readonly parent: PlannedRun | undefined;
  /** Epochs that are there already or taken over, and how many there are to be. */
  readonly epochs: { readonly from: number; readonly to: number };
}

/** What a plan says of a run: done, resume, start, or after which other it starts. */
export const stateText = ({ state, parent }: PlannedRun): string =>
  parent === undefined || parent.state === 'done' ? state : `after ${parent.name}`;

/** `reverseSigmoid(10)` as a part of a folder's name. */
const plain = (value: string | number): string =>
  String(value)
    .split(/[^\w.]+/)
    .filter(Boolean)
    .join('-');

/** A recipe with what is changed of it: `hls-freeze-sqrt`. */
export const rowOf = ({ name }: Recipe, change: Request['change'] = {}): string =>
  [name, ...Object.entries(change).map(([key, value]) => `${kebab(key)}-${plain(value)}`)].join('-');

/** How far a run is. Throws with the way out that a reproduction has and a single run has not: to make it again. */
const readable = (path: string): { info: RunInfo; finished: boolean; epochs: number } => {
  try {
    const { info, readEvaluation, records } = openRun(path);
    return { info, finished: readEvaluation() !== undefined, epochs: records().length };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Error(`${problem}; or remove ${path}, and it is made again`);
  }
};

/**
 * The runs that a request needs, each after the one that it goes on from, all recipes of one seed before the next seed: a reproduction that is
 * stopped early then has whole tables. Reads the run folders below `out` and writes nothing.
 * Throws when one of them holds another run than the one asked for.
 */
export const planRuns = ({ recipes, base, seeds, data, overrides, change = {}, out }: Request): PlannedRun[] => {
  const runs = new Map<string, PlannedRun>();
  const add = (recipe: Recipe, seed: number): PlannedRun => {
    const row = rowOf(recipe, change);
    const name = `${row}-seed-${seed}`;
    const known = runs.get(name);
    if (known !== undefined) return known;
    const path = join(out, 'runs', name);
    const to = totalEpochs(phasesOf(recipe));
    const flags = { ...overrides, ...change };
    const planned = { name, row, path, recipe, seed, flags, parent: undefined };
    const run = ((): PlannedRun => {
      // A search that was stopped before run.json was there starts anew in its folder.
      if (existsSync(join(path, 'run.json'))) {
        const { info, finished, epochs } = readable(path);
        requireAsked(info, { path, asked: { recipe, seed, data, overrides } });
        return finished
          ? { ...planned, state: 'done', epochs: { from: to, to } }
          : { ...planned, state: 'resume', epochs: { from: Math.min(to, epochs), to } };
      }
      const parent = (recipe.continued ?? []).length > 0 ? add(base, seed) : undefined;
      return { ...planned, state: 'start', parent, epochs: { from: parent?.epochs.to ?? 0, to } };
    })();
    runs.set(name, run);
    return run;
  };
  for (const seed of seeds) for (const recipe of recipes) add(recipe, seed);
  return [...runs.values()];
};
