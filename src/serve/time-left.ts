import type { RunInfo } from '../run/index.js';

/** How far a run is, in epochs of all phases, and how long the rest is expected to take. */
export interface Progress {
  readonly done: number;
  readonly planned: number;
  /** Typical seconds of an epoch of the phase that is under way; null before the first has ended. */
  readonly perEpoch: number | null;
  /** Counted from the end of the last epoch, without the test; null where nothing is known yet. */
  readonly left: number | null;
}

/** What has ended of a run: epochs of each phase, the phase of the last, and typical seconds of an epoch of each. */
interface Ended {
  readonly done: ReadonlyMap<string, number>;
  readonly phase: string | undefined;
  readonly seconds: ReadonlyMap<string, number>;
}

/**
 * What is left of a run: each epoch to come at the median of its phase, or of the phase before it where that has none
 * yet. A phase that a later one has followed is over, also where a stop rule ended it early.
 */
export const progressOf = (phases: RunInfo['experiment']['phases'], { done, phase, seconds }: Ended): Progress => {
  const at = Math.max(
    0,
    phases.findIndex(({ name }) => name === phase),
  );
  let [left, planned] = [0, 0];
  let pace: number | undefined = seconds.values().next().value;
  let current = pace;
  for (const [i, { name, epochs }] of phases.entries()) {
    pace = seconds.get(name) ?? pace;
    if (i === at) current = pace;
    left += i < at ? 0 : Math.max(0, epochs - (done.get(name) ?? 0)) * (pace ?? 0);
    planned += epochs;
  }
  const all = [...done.values()].reduce((a, b) => a + b, 0);
  return { done: all, planned, perEpoch: current ?? null, left: current === undefined ? null : left };
};
