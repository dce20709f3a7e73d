import { z } from 'zod';
import { fitParts, readFitPlan } from '../run/index.js';
import { isPlainName, textInside } from '../run/inside.js';
import { stampOf } from './limits.js';

/** A run that a plan names, whether it has begun or not. */
export interface PlannedRun {
  /** Names of folders, from that of the plan. */
  readonly path: readonly string[];
  readonly label: string;
  readonly epochs: number | null;
  readonly expectedSeconds: number | null;
}

const FIT = 'fit.json';
const PLAN = 'plan.json';

/** A number of epochs, or null for what is none. */
const epochsOf = (value: unknown): number | null => {
  const epochs = Number(value);
  return Number.isInteger(epochs) && epochs > 0 ? epochs : null;
};

const fitRuns = (dir: string): PlannedRun[] => {
  stampOf(dir, FIT);
  const { parts } = readFitPlan(dir);
  return fitParts.map((name) => {
    const { what, values, expectedSeconds } = parts[name];
    return { path: [name], label: what, epochs: epochsOf(values['epochs']), expectedSeconds };
  });
};

/** Of a plan of many runs, what is shown: their names, and the words that start each. */
const plan = z.object({ tasks: z.array(z.object({ runs: z.record(z.string(), z.array(z.string())) })) });

/** The runs of a reproduction or a sweep. A plan of another shape, such as a later version's, says nothing here. */
const tasksRuns = (dir: string): PlannedRun[] => {
  stampOf(dir, PLAN);
  let value: unknown;
  try {
    value = JSON.parse(textInside(dir, PLAN) ?? '');
  } catch {
    return [];
  }
  const found = plan.safeParse(value);
  if (!found.success) return [];
  return found.data.tasks
    .flatMap(({ runs }) => Object.entries(runs))
    .filter(([name]) => isPlainName(name))
    .map(([name, words]) => ({
      path: ['runs', name],
      label: (words[0] === 'fit' ? words[0] : words[1]) ?? '',
      epochs: epochsOf(words[words.indexOf('--epochs') + 1]),
      expectedSeconds: null,
    }));
};

/** The runs that a folder's plan names: those of a fit, of a reproduction or of a sweep. Throws where it is damaged. */
export const plannedRuns = (dir: string, names: readonly string[]): PlannedRun[] => [
  ...(names.includes(FIT) ? fitRuns(dir) : []),
  ...(names.includes(PLAN) ? tasksRuns(dir) : []),
];
