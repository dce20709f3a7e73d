import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { kebab, type Plan, type Values } from '../experiment/index.js';
import { totalEpochs } from '../loop/index.js';
import { openRun, type RunInfo } from '../run/index.js';
import { placeInside } from '../run/inside.js';
import type { DataRequest } from '../session/index.js';
import { type Asked, requireAsked } from './belongs.js';
import { flagsOf } from './flags.js';

/** Which runs are asked for, and where they live. */
export interface Request {
  /** At their scale, with what is changed of them. */
  readonly plans: readonly Plan[];
  /** The plan that continued ones continue from, at the same scale. */
  readonly base: Plan;
  readonly seeds: readonly number[];
  readonly data: DataRequest;
  /** The scale, and the sizes beside it: as a search records them. */
  readonly overrides: Readonly<Record<string, unknown>>;
  /** Options that were given for every run beside sizes, as flags. */
  readonly given: Values;
  /** What was changed of every recipe, as flags. */
  readonly change?: Values;
  readonly out: string;
}

/** A run that is needed, and what is to be done for it. */
export interface PlannedRun {
  /** `<row>-seed-<seed>`; the row is its recipe, with what is changed of it. */
  readonly name: string;
  readonly row: string;
  readonly path: string;
  /** Absent for a fit, which decides its sizes when it starts. */
  readonly plan: Plan | undefined;
  /** For a fit: the time that it may take. */
  readonly budgetSeconds?: number;
  readonly seed: number;
  /** The words after `tailnas` that start it, without seed, threads and folders. */
  readonly command: readonly string[];
  /** The name of the run that it starts from, or its own: those with one chain follow each other. */
  readonly chain: string;
  /** Whether it is there for its own sake, and not only because another goes on from it. */
  readonly isAsked: boolean;
  readonly state: 'done' | 'resume' | 'start';
  /** For a continued run that is to start: the run whose search it takes over. It must be done first. */
  readonly parent: PlannedRun | undefined;
  /** Epochs that are there already or taken over, and how many there are to be. */
  readonly epochs: { readonly from: number; readonly to: number };
}

/** What a plan says of a run: done, resume, start, or after which other it starts. */
export const stateText = ({ state, parent }: PlannedRun): string =>
  parent === undefined || parent.state === 'done' ? state : `after ${parent.name}`;

/** Whether a plan has phases that go on with the network of the one before. */
const continues = ({ phases }: Plan): boolean => phases.slice(1).some(({ start }) => start === undefined);

/** `reverseSigmoid(10)` as a part of a folder's name. */
export const plain = (value: Values[string]): string =>
  String(value)
    .split(/[^\w.]+/)
    .filter(Boolean)
    .join('-');

/** A recipe with what is changed of it: `hls-freeze-sqrt`. */
export const rowOf = (name: string, change: Values = {}): string =>
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

/** What there is of a run already, from its folder. Throws when that holds another run than the one asked for. */
export const standingOf = (path: string, asked: Asked): Pick<PlannedRun, 'state' | 'epochs'> => {
  const to = totalEpochs(asked.plan.phases);
  // A run that was stopped before run.json was there starts anew in its folder.
  if (!existsSync(join(path, 'run.json'))) return { state: 'start', epochs: { from: 0, to } };
  const { info, finished, epochs } = readable(path);
  requireAsked(info, { path, asked });
  return finished
    ? { state: 'done', epochs: { from: to, to } }
    : { state: 'resume', epochs: { from: Math.min(to, epochs), to } };
};

/**
 * The runs that a request needs, each after the one that it goes on from, all recipes of one seed before the next seed:
 * a reproduction that is stopped early then has whole tables. Reads the run folders below `out` and writes nothing.
 * Throws when one of them holds another run than the one asked for, and where a link lies in the place of one.
 */
export const planRuns = ({ plans, base, seeds, data, overrides, given, change = {}, out }: Request): PlannedRun[] => {
  const runs = new Map<string, PlannedRun>();
  const add = (plan: Plan, seed: number): PlannedRun => {
    const row = rowOf(plan.experiment.name, change);
    const name = `${row}-seed-${seed}`;
    const known = runs.get(name);
    if (known !== undefined) return known;
    const path = placeInside(out, 'runs', name);
    // Where nothing is thinned out there is no ratio to ask for, though the request has the paper's.
    const asked = data.imbalance === 'natural' ? { ...data, imbalanceRatio: undefined } : data;
    const command = ['search', plan.experiment.name, ...flagsOf({ ...overrides, ...given, ...change, ...asked })];
    const chain = `${continues(plan) ? rowOf(base.experiment.name, change) : row}-seed-${seed}`;
    const isAsked = plans.some((asked) => rowOf(asked.experiment.name, change) === row);
    const standing = standingOf(path, { plan, seed, data, overrides });
    const parent = standing.state === 'start' && continues(plan) ? add(base, seed) : undefined;
    const { to } = standing.epochs;
    const epochs = parent === undefined ? standing.epochs : { from: parent.epochs.to, to };
    const run: PlannedRun = { name, row, path, plan, seed, command, chain, isAsked, ...standing, parent, epochs };
    runs.set(name, run);
    return run;
  };
  for (const seed of seeds) for (const plan of plans) add(plan, seed);
  return [...runs.values()];
};
