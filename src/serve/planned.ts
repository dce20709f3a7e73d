import { fitParts, readFitPlan } from '../run/index.js';
import { stampOf } from './limits.js';

/** A run that a plan names, whether it has begun or not. */
export interface PlannedRun {
  /** Names of folders, from that of the plan. */
  readonly path: readonly string[];
  readonly label: string;
  readonly epochs: number | null;
  readonly expectedSeconds: number | null;
}

/** The runs that a folder's plan names: those of a fit, from its `fit.json`. Throws where that is damaged. */
export const plannedRuns = (dir: string, names: readonly string[]): PlannedRun[] => {
  if (!names.includes('fit.json')) return [];
  stampOf(dir, 'fit.json');
  const { parts } = readFitPlan(dir);
  return fitParts.map((name) => {
    const { what, values, expectedSeconds } = parts[name];
    const epochs = Number(values['epochs']);
    return { path: [name], label: what, epochs: epochs > 0 ? epochs : null, expectedSeconds };
  });
};
