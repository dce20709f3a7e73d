import { openRun } from '../run/index.js';
import type { PlannedRun } from './plan.js';

const SECOND_ORDER = 2.5; // what a step of second order takes of one of first order

/** Epochs in units of work: a step draws one batch of each stream. */
const work = ({ plan }: PlannedRun, epochs: number): number =>
  plan === undefined ? epochs : epochs * plan.streams.length * (plan.values['order'] === 2 ? SECOND_ORDER : 1);

const epochsNow = ({ path, epochs }: PlannedRun): number => {
  try {
    return Math.min(epochs.to, Math.max(epochs.from, openRun(path).records().length));
  } catch {
    return epochs.from; // its process has not come so far as to make the folder
  }
};

/**
 * How much of a plan's work is done, for showing progress: of all runs, and of what was left to do when the plan was
 * made. Reads the folders of the runs in `active` only; those in `ended` count as whole.
 */
export const workDone = (
  plan: readonly PlannedRun[],
  { active, ended }: { active: readonly PlannedRun[]; ended: readonly PlannedRun[] },
): { ofAll: number; ofRest: number } => {
  let [all, rest, fresh] = [0, 0, 0];
  for (const run of plan) {
    const { from, to } = run.epochs;
    const start = run.parent === undefined ? 0 : from; // what is taken over is its parent's work
    const now = ended.includes(run) ? to : active.includes(run) ? epochsNow(run) : from;
    all += work(run, to - start);
    rest += work(run, to - from);
    fresh += work(run, now - from);
  }
  return { ofAll: all === 0 ? 1 : (all - rest + fresh) / all, ofRest: rest === 0 ? 1 : fresh / rest };
};
