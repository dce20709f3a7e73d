import { type StepProfiler, stepProfiler } from '../learn/index.js';
import { classResults, commandText } from '../measure/index.js';
import { openRun } from '../run/index.js';
import type { RunEvent, RunResult, Underway } from '../session/index.js';
import { profileTable } from './profile-table.js';
import { type RunDisplay, runDisplay, silent } from './progress.js';
import { drawnCells, summary } from './summary.js';

/** Exit codes of a command that a signal ended early. */
export const EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

interface WatchOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether to print where the time of a step goes; a number of steps ends the run after them. */
  readonly profile?: true | number | undefined;
}

type Signal = keyof typeof EXIT;

/**
 * Follows events to their end, and requests an early end on a signal. `started` says from which event on there is
 * something to save. A second signal quits at once. Returns how it ended, and the signal that ended it early, if one
 * did.
 */
export const follow = async <E extends { readonly type: string }, R>(
  start: (signal: AbortSignal) => Underway<E, R>,
  {
    stop,
    started: isStart,
    onEvent,
    display,
  }: {
    stop: AbortController;
    started: string;
    onEvent: (event: E) => void;
    display: Pick<RunDisplay, 'on' | 'end'>;
  },
): Promise<{ value: R; received: Signal | undefined }> => {
  let received: Signal | undefined;
  let started = false;
  const onSignal = (signal: Signal) => {
    // Until the run starts there is nothing to save. Then a step may take long.
    if (!started || received !== undefined) {
      display.end();
      process.exit(EXIT[signal]);
    }
    received = signal;
    display.on({ type: 'notice', text: 'stopping after this step; press Ctrl-C again to quit without saving' });
    stop.abort();
  };
  process.on('SIGINT', () => onSignal('SIGINT'));
  process.on('SIGTERM', () => onSignal('SIGTERM'));
  // A run that another process started stops with it, killed or not.
  if (process.channel !== undefined) {
    process.on('disconnect', () => onSignal('SIGTERM'));
    process.channel.unref();
  }
  try {
    const events = start(stop.signal);
    let next = await events.next();
    for (; !next.done; next = await events.next()) {
      started ||= next.value.type === isStart;
      onEvent(next.value);
    }
    return { value: next.value, received };
  } finally {
    display.end();
  }
};

/**
 * Follows a run to its end: shows it, saves and exits with 130 or 143 on a signal, and prints the result. `start`
 * receives the signal that requests an early end, and a listener for the progress of loading data.
 */
export const watchRun = async (
  start: (watch: {
    signal: AbortSignal;
    onDataProgress: RunDisplay['onData'];
    profiler?: StepProfiler | undefined;
  }) => Underway<RunEvent, RunResult>,
  { json, quiet, profile }: WatchOptions,
): Promise<void> => {
  const display = quiet ? silent : runDisplay();
  const stop = new AbortController();
  const profiler =
    profile === undefined
      ? undefined
      : stepProfiler(profile === true ? {} : { enough: profile, onEnough: () => stop.abort() });
  const { value, received } = await follow((signal) => start({ signal, onDataProgress: display.onData, profiler }), {
    stop,
    started: 'start',
    onEvent: display.on,
    display,
  });
  const { run, interrupted, evaluation, genotypes } = value;
  const timed = profiler?.report();
  const timedTable = timed === undefined ? '' : `${profileTable(timed)}\n`;
  if (interrupted || evaluation === undefined) {
    process.stderr.write(`saved; continue with: ${commandText(['tailnas', 'resume', run])}\n`);
    if (timed !== undefined)
      process.stdout.write(json ? `${JSON.stringify({ run, interrupted, profile: timed })}\n` : timedTable);
    // It was asked to stop after a number of steps.
    process.exitCode = received === undefined ? 0 : EXIT[received];
    return;
  }
  const cells = drawnCells(run);
  const folder = openRun(run);
  const { classes, counts } = folder.info.data;
  const results = classResults(evaluation.confusion, { classes, trainCounts: counts.train });
  const records = folder.records();
  process.stdout.write(
    json
      ? `${JSON.stringify({ run, evaluation, classes: results, genotypes, cells, records, profile: timed })}\n`
      : `${summary(evaluation, { folder, genotypes, cells })}\n${timedTable && `\n${timedTable}`}`,
  );
};
