import type { EpochRecord } from '../run/index.js';
import type { LoadedRun } from './runs.js';

/** The records of a run's first phase: of a search, before any continued training. */
export const firstPhase = (run: LoadedRun | undefined): EpochRecord[] =>
  (run?.records ?? []).filter(({ phase }) => phase === run?.info.experiment.phases[0]?.name);

/** The records of what follows the first phase, with the first phase's last one before them, which is where it starts. */
export const continuedFrom = (run: LoadedRun | undefined): EpochRecord[] => {
  const last = firstPhase(run).at(-1);
  return last === undefined ? [] : (run?.records ?? []).slice((run?.records ?? []).indexOf(last));
};
