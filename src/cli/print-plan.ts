import { expectedSeconds, type PlannedRun, stateText } from '../reproduce/index.js';
import type { DataRequest } from '../session/index.js';
import { duration, plural, table } from './format.js';
import { runDisplay, silent } from './progress.js';

/** Prints which runs there are to be, how far they are, and how long what is left would take. */
export const printPlan = async (
  plan: readonly PlannedRun[],
  {
    data,
    threads,
    flags: { jobs = 1, quiet, json },
  }: {
    data: DataRequest;
    threads: number;
    flags: { readonly jobs?: number; readonly quiet?: true; readonly json?: true };
  },
): Promise<void> => {
  const display = quiet ? silent : runDisplay();
  const expected = await expectedSeconds(plan, { data, threads, onData: display.onData });
  display.end();
  const total = [...expected.values()].reduce((a, b) => a + b, 0) / Math.max(1, jobs);
  const runs = plan.map((run) => ({
    name: run.name,
    path: run.path,
    recipe: run.plan?.experiment.name ?? run.row,
    seed: run.seed,
    state: stateText(run),
    epochs: run.epochs,
    expectedSeconds: expected.get(run) ?? 0,
  }));
  if (json) {
    process.stdout.write(`${JSON.stringify({ runs, jobs, threads, expectedSeconds: total })}\n`);
    return;
  }
  const lines = runs.map((run) => [
    run.name,
    run.state,
    `${run.epochs.from}/${run.epochs.to}`,
    run.state === 'done' ? '' : duration(run.expectedSeconds),
  ]);
  const sum =
    `${duration(total)} in all, ${plural(jobs, 'run')} at a time with ${plural(threads, 'thread')} each; ` +
    'a figure for planning: from epochs that other seeds have finished, or a few steps';
  process.stdout.write(
    runs.length === 0
      ? 'no run is needed\n'
      : `${table([['run', 'state', 'epochs', 'expected time'], ...lines], { right: [2, 3] })}\n\n${sum}\n`,
  );
};
