import { progressPrinter } from '../engine/progress.js';
import {
  childArguments,
  type Execution,
  execute,
  type Outcome,
  type PlannedRun,
  startChild,
  workDone,
} from '../reproduce/index.js';
import { openRun, runDirOf } from '../run/index.js';
import type { EXIT } from './follow.js';
import { duration, percent } from './format.js';

const POLL = 1500; // milliseconds

const title = ({ row, seed: n }: PlannedRun): string => `${row} seed ${n}`;

/** Carries a plan out and tells how it goes. Returns the signal that ended it early, if one did. */
export const carryOut = async (
  plan: readonly PlannedRun[],
  {
    threads,
    flags,
  }: {
    threads: number;
    flags: { readonly jobs: number; readonly quiet: true | undefined; readonly use: readonly string[] };
  },
): Promise<{ outcomes: Outcome[]; received: keyof typeof EXIT | undefined }> => {
  const live = process.stderr.isTTY && !flags.quiet ? progressPrinter(process.stderr) : undefined;
  const say = (text: string): void => {
    live?.end();
    process.stderr.write(`${text}\n`);
  };
  const tell = flags.quiet ? () => {} : say;
  const began = performance.now();
  const active = new Set<PlannedRun>();
  const ended: PlannedRun[] = [];
  const numbers = new Map<PlannedRun, number>();
  let number = plan.filter((run) => run.state === 'done').length;
  if (number > 0) tell(`${number} of ${plan.length} runs are done already`);
  const place = (run: PlannedRun): string => {
    const n = numbers.get(run) ?? ++number;
    numbers.set(run, n);
    return `[${n}/${plan.length}] ${title(run)}`;
  };

  let received: keyof typeof EXIT | undefined;
  const onSignal = (signal: keyof typeof EXIT): void => {
    if (received === undefined) tell('stopping: what runs is saved first; press Ctrl-C again to quit without saving');
    received ??= signal;
    execution.stop(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const execution: Execution = execute(plan, {
    jobs: flags.jobs,
    start: (run) => startChild(childArguments(run, { threads, use: flags.use })),
    onStart: (run) => {
      active.add(run);
      const goesOn = run.state === 'resume' && run.plan !== undefined; // of a fit, its parts do
      tell(`${place(run)} …${goesOn ? ` from epoch ${run.epochs.from + 1}` : ''}`);
    },
    onEnd: ({ run, ended: how, seconds, error }) => {
      active.delete(run);
      if (how !== 'stopped') ended.push(run);
      if (how === 'failed') say(`${place(run)} failed:\n${(error ?? '').replace(/^/gm, '  ')}`);
      else if (how === 'stopped') tell(`${place(run)} stopped`);
      else {
        const accuracy = openRun(runDirOf(run.path)).readEvaluation()?.accuracy ?? null;
        tell(`${place(run)} done in ${duration(seconds)}, test accuracy ${percent(accuracy)}`);
      }
    },
  });
  const poll = setInterval(() => {
    const { ofAll, ofRest } = workDone(plan, { active: [...active], ended });
    const spent = (performance.now() - began) / 1000;
    const left = ofRest > 0 ? `  ${duration((spent * (1 - ofRest)) / ofRest)} left` : '';
    live?.update({ text: `${(100 * ofAll).toFixed(1)} % of all epochs${left}  ${[...active].map(title).join(', ')}` });
  }, POLL);
  if (live === undefined) clearInterval(poll);
  try {
    return { outcomes: await execution.finished, received };
  } finally {
    clearInterval(poll);
    live?.end();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
};
