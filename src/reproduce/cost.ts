import type { Progress } from '../data/index.js';
import { forecast } from '../forecast/index.js';
import { firstEpochs } from '../loop/index.js';
import { epochSeconds } from '../measure/index.js';
import { openRun } from '../run/index.js';
import { type DataRequest, fitting, planData, sizesOf } from '../session/index.js';
import { threads as engineThreads } from '../tensor/index.js';
import type { PlannedRun } from './plan.js';

/** What an epoch of each phase of a row takes with that many threads, by all seeds that have finished one. */
const measuredEpochs = (
  members: readonly PlannedRun[],
  { threads }: { threads: number },
): ReadonlyMap<string, number> => {
  const found = members.filter(({ state }) => state !== 'start').map(({ path }) => openRun(path));
  return epochSeconds(found.filter(({ info }) => info.threads === threads).flatMap((run) => run.records()));
};

/**
 * What is still to be done for a run, in seconds: from the epochs that seeds of its row have finished with as many
 * threads, and for a row without any from a few steps on this machine. Writes nothing.
 */
export const expectedSeconds = async (
  plan: readonly PlannedRun[],
  { data, threads, onData }: { data: DataRequest; threads: number; onData?: Progress },
): Promise<ReadonlyMap<PlannedRun, number>> => {
  const open = plan.filter((run) => run.state !== 'done');
  const budgets = open.flatMap((run) => (run.budgetSeconds === undefined ? [] : [[run, run.budgetSeconds] as const]));
  if (budgets.length > 0) return new Map(budgets);
  const members = (row: string) => plan.filter((run) => run.row === row);
  const measured = new Map(open.map(({ row }) => [row, measuredEpochs(members(row), { threads })]));
  const whole = new Map<string, number>();
  if ([...measured.values()].some((epochs) => epochs.size === 0)) {
    engineThreads.set(threads);
    const sizes = sizesOf(await planData(data, { onProgress: onData }));
    for (const { row, plan: own } of open)
      if (own !== undefined && measured.get(row)?.size === 0 && !whole.has(row))
        whole.set(row, (await fitting(own, () => forecast(own, sizes))).expectedSeconds);
  }
  return new Map(
    open.map((run) => {
      const { from, to } = run.epochs;
      const known = measured.get(run.row);
      if (known === undefined || known.size === 0) return [run, ((whole.get(run.row) ?? 0) * (to - from)) / to];
      // A phase that no seed has reached yet is taken to cost what the search does.
      const [search = 0] = known.values();
      const { phases = [] } = run.plan ?? {};
      const firsts = firstEpochs(phases);
      const left = phases.map(({ name, epochs }, i) => {
        const first = firsts[i] ?? 0;
        return Math.max(0, first + epochs - Math.max(first, from)) * (known.get(name) ?? search);
      });
      return [run, left.reduce((a, b) => a + b, 0)];
    }),
  );
};
