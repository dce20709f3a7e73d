import { alone, type Group } from '../group/index.js';
import { type StepProfiler, stepProfiler } from '../learn/index.js';
import { classResults, commandText } from '../measure/index.js';
import { openRun } from '../run/index.js';
import type { RunEvent, RunResult, Underway } from '../session/index.js';
import { profileTable } from './profile-table.js';
import { type RunDisplay, runDisplay, silent } from './progress.js';
import { drawnCells, summary } from './summary.js';
import { eventKeeper } from './tensorboard.js';

/** Exit codes of a command that a signal ended early. */
export const EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

interface WatchOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether to keep an event file in the run folder. */
  readonly tensorboard?: boolean | undefined;
  /** Whether to print where the time of a step goes; a number of steps ends the run after them. */
  readonly profile?: true | number | undefined;
  /** Only the first process of several shows anything. */
  readonly group?: Group | undefined;
}

type Signal = keyof typeof EXIT;

/** A scheduler that ends a job signals all of its processes, and the one that started this one passes it on. */
const SAME_SIGNAL = 1000; // milliseconds

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
  const isChild = process.channel !== undefined;
  let at = 0;
  const onSignal = (signal: Signal) => {
    if (isChild && received !== undefined && performance.now() - at < SAME_SIGNAL) return;
    at = performance.now();
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
  { json, quiet, profile: asked, tensorboard = false, group = alone }: WatchOptions,
): Promise<void> => {
  const display = quiet || group.rank > 0 ? silent : runDisplay();
  const profile = group.rank > 0 ? undefined : asked;
  const board = eventKeeper(tensorboard && group.rank === 0, (text) => display.on({ type: 'notice', text }));
  const stop = new AbortController();
  const profiler =
    profile === undefined
      ? undefined
      : stepProfiler(profile === true ? {} : { enough: profile, onEnough: () => stop.abort() });
  const { value, received } = await follow((signal) => start({ signal, onDataProgress: display.onData, profiler }), {
    stop,
    started: 'start',
    onEvent: (event) => {
      display.on(event);
      board.on(event);
    },
    display,
  });
  board.end();
  const { run, interrupted, evaluation, genotypes } = value;
  if (group.rank > 0) {
    process.exitCode = interrupted ? EXIT[received ?? 'SIGTERM'] : 0;
    return;
  }
  const timed = profiler?.report();
  const timedTable = timed === undefined ? '' : `${profileTable(timed)}\n`;
  if (interrupted || evaluation === undefined) {
    process.stderr.write(`saved; continue with: ${commandText(['tailnas', 'resume', run])}\n`);
    if (timed !== undefined)
      process.stdout.write(json ? `${JSON.stringify({ run, interrupted, profile: timed })}\n` : timedTable);
    // It was to stop after so many steps, or another process of several was told to.
    process.exitCode = received !== undefined ? EXIT[received] : stop.signal.aborted ? 0 : EXIT.SIGTERM;
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
