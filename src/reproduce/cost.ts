import type { Progress } from '../data/index.js';
import { threads as engineThreads } from '../tensor/index.js';
import { type DataRequest, estimate, planData, sizesOf } from '../train/index.js';
import type { PlannedRun } from './plan.js';

/** What is still to be done for a run, in seconds: from a few steps of each recipe, on this machine, with that many threads. Writes nothing. */
export const expectedSeconds = async (
  plan: readonly PlannedRun[],
  { data, threads, onData }: { data: DataRequest; threads: number; onData?: Progress },
): Promise<ReadonlyMap<PlannedRun, number>> => {
  const open = plan.filter((run) => run.state !== 'done');
  if (open.length === 0) return new Map();
  engineThreads.set(threads);
  const sizes = sizesOf(await planData(data, { onProgress: onData }));
  const whole = new Map<string, number>();
  for (const { row, recipe } of open)
    if (!whole.has(row)) whole.set(row, (await estimate(recipe, sizes)).expectedSeconds);
  return new Map(
    open.map((run) => [run, ((whole.get(run.row) ?? 0) * (run.epochs.to - run.epochs.from)) / run.epochs.to]),
  );
};
