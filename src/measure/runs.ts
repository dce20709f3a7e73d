import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EpochRecord,
  type Evaluation,
  type Genotypes,
  openRun,
  type RunInfo,
  type RunPictures,
  readPictures,
} from '../run/index.js';
import { plural } from './format.js';

/** A run as a report sees it: all that its folder holds, and what could not be read. */
export interface LoadedRun {
  readonly path: string;
  readonly info: RunInfo;
  /** In order; those of a run under way so far. */
  readonly records: readonly EpochRecord[];
  /** Missing while the run is not finished. */
  readonly evaluation: Evaluation | undefined;
  readonly genotypes: Genotypes | undefined;
  /** Of a training that is at its end; older ones have none. */
  readonly pictures?: RunPictures | undefined;
  /** Why it ended without a result, if it did. */
  readonly failure?: string | undefined;
  /** What is damaged or missing, as sentences for the reader. */
  readonly problems: readonly string[];
}

/** What an error says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Reads a run folder for a report. What is damaged in it is left out and named in `problems`. Where its records or its
 * result are damaged, or contradict each other, both are left out: no mean may have such a run in it. Throws only when
 * it is no run at all.
 */
export const loadRun = (path: string): LoadedRun => {
  const folder = openRun(path);
  const problems: string[] = [];
  const attempt = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      problems.push(messageOf(error));
      return otherwise;
    }
  };
  const told = attempt(() => {
    const found = { records: folder.records(), evaluation: folder.readEvaluation() };
    const contradiction = folder.contradiction();
    if (contradiction === undefined) return found;
    throw new Error(contradiction);
  }, undefined);
  const { records, evaluation } = told ?? { records: [], evaluation: undefined };
  const genotypes = attempt(folder.readGenotype, undefined);
  const pictures = attempt(() => readPictures(folder.path), undefined);
  const failure = evaluation === undefined ? attempt(folder.failure, undefined) : undefined;
  const epochs = plural(records.length, 'epoch');
  if (told === undefined) problems.push('its records and its result are left out');
  else if (failure !== undefined) problems.push(`it failed after ${epochs}: ${failure}`);
  else if (records.length === 0) problems.push('it has no epoch yet');
  else if (evaluation === undefined) problems.push(`it is not finished: ${epochs} so far, no test yet`);
  return { path, info: folder.info, records, evaluation, genotypes, pictures, failure, problems };
};

/** A folder that could not be opened as a run, and why. */
export type Unreadable = Pick<LoadedRun, 'path' | 'problems'>;

/**
 * Opens what can be opened. Throws when none can be, and when a folder is no run at all, which is rather a wrong path.
 */
export const loadRuns = (paths: readonly string[]): { runs: LoadedRun[]; unreadable: Unreadable[] } => {
  const runs: LoadedRun[] = [];
  const unreadable: Unreadable[] = [];
  for (const path of paths) {
    try {
      runs.push(loadRun(path));
    } catch (error) {
      if (!existsSync(join(path, 'run.json'))) throw error;
      unreadable.push({ path, problems: [messageOf(error)] });
    }
  }
  if (runs.length === 0 && unreadable[0] !== undefined) throw new Error(unreadable[0].problems.join('; '));
  return { runs, unreadable };
};

/** The seeds of runs, in order. */
export const seedsOf = (runs: readonly LoadedRun[]): number[] =>
  [...new Set(runs.map(({ info }) => info.seed))].toSorted((a, b) => a - b);

/** The records of a run's first phase: of a search, before any continued training. */
export const firstPhase = (run: LoadedRun | undefined): EpochRecord[] =>
  (run?.records ?? []).filter(({ phase }) => phase === run?.info.experiment.phases[0]?.name);

/** The records of what follows the first phase, behind its last one, which is where that starts. */
export const continuedFrom = (run: LoadedRun | undefined): EpochRecord[] => {
  const last = firstPhase(run).at(-1);
  return last === undefined ? [] : (run?.records ?? []).slice(run?.records.indexOf(last));
};
