import type { RunInfo } from '../run/index.js';
import { parseSchedule, type Schedule } from '../schedule/index.js';

/** No formula is so long; a run.json from a stranger may have one. */
const LONGEST = 500;
const MOST_PHASES = 100;

const read = (label: string | undefined): Schedule | undefined => {
  if (label === undefined || label.length > LONGEST) return undefined;
  try {
    return parseSchedule(label);
  } catch {
    return undefined; // of a module of the user's own, which is not loaded here
  }
};

/** What a schedule will be after each epoch, by its formula in each phase; of many epochs about `most`. */
export const plannedCurve = (
  phases: RunInfo['experiment']['phases'],
  { name, most }: { name: string; most: number },
): [epoch: number, value: number][] => {
  const every = Math.max(1, Math.ceil(phases.reduce((sum, { epochs }) => sum + epochs, 0) / most));
  let first = 0;
  return phases.slice(0, MOST_PHASES).flatMap(({ knobs, epochs }) => {
    const schedule = read(knobs[name]);
    const begin = first;
    first += epochs;
    if (schedule === undefined) return [];
    return Array.from({ length: Math.ceil(epochs / every) }, (_, i): [number, number] => {
      const epoch = i * every;
      return [begin + epoch + 1, schedule(epoch / epochs)];
    }).filter(([, value]) => Number.isFinite(value));
  });
};
