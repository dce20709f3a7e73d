import type { Progress } from '../data/index.js';
import { mean } from '../report/statistics.js';
import { openRun } from '../run/index.js';
import { threads as engineThreads } from '../tensor/index.js';
import { type DataRequest, estimate, planData, sizesOf } from '../train/index.js';
import type { PlannedRun } from './plan.js';

/** What every epoch of a row took with that many threads, by its number: a mean over the seeds that have got so far. */
const measuredEpochs = (members: readonly PlannedRun[], { threads }: { threads: number }): number[] => {
  const found = members
    .filter(({ state }) => state !== 'start')
    .map(({ path }) => openRun(path))
    .filter(({ info }) => info.threads === threads)
    .map((run) => run.records().map(({ seconds }) => seconds));
  const epochs = Math.max(0, ...found.map((seconds) => seconds.length));
  return Array.from({ length: epochs }, (_, e) => mean(found.flatMap((seconds) => seconds[e] ?? [])));
};

/**
 * What is still to be done for a run, in seconds: from the epochs that seeds of its row have finished with as many threads, and for a row without any
 * from a few steps on this machine. Writes nothing.
 */
export const expectedSeconds = async (
  plan: readonly PlannedRun[],
  { data, threads, onData }: { data: DataRequest; threads: number; onData?: Progress },
): Promise<ReadonlyMap<PlannedRun, number>> => {
  const open = plan.filter((run) => run.state !== 'done');
  const members = (row: string) => plan.filter((run) => run.row === row);
  const measured = new Map(open.map(({ row }) => [row, measuredEpochs(members(row), { threads })]));
  const whole = new Map<string, number>();
  if ([...measured.values()].some((epochs) => epochs.length === 0)) {
    engineThreads.set(threads);
    const sizes = sizesOf(await planData(data, { onProgress: onData }));
    for (const { row, recipe } of open)
      if (measured.get(row)?.length === 0 && !whole.has(row))
        whole.set(row, (await estimate(recipe, sizes)).expectedSeconds);
  }
  return new Map(
    open.map((run) => {
      const { from, to } = run.epochs;
      const known = measured.get(run.row) ?? [];
      if (known.length === 0) return [run, ((whole.get(run.row) ?? 0) * (to - from)) / to];
      const left = Array.from({ length: to - from }, (_, i) => known[from + i] ?? mean(known));
      return [run, left.reduce((a, b) => a + b, 0)];
    }),
  );
};
