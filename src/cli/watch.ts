import { type StepProfiler, stepProfiler } from '../learn/index.js';
import { classResults } from '../measure/index.js';
import { openRun } from '../run/index.js';
import type { RunEvent, RunResult } from '../session/index.js';
import { profileTable } from './profile-table.js';
import { runDisplay, silent } from './progress.js';
import { drawCells, drawnCells, summary } from './summary.js';

/** Exit codes of a command that a signal ended early. */
export const EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

interface WatchOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether to print where the time of a step goes; a number of steps ends the run after them. */
  readonly profile?: true | number | undefined;
}

/**
 * Follows a run to its end: shows it, saves and leaves with 130 or 143 when the process is told to stop, and prints
 * what came of it. `start` is given the signal that asks for an early end, and where to tell how loading data goes.
 */
export const watchRun = async (
  start: (watch: {
    signal: AbortSignal;
    onDataProgress: ReturnType<typeof runDisplay>['onData'];
    profiler?: StepProfiler | undefined;
  }) => AsyncGenerator<RunEvent, RunResult>,
  { json, quiet, profile }: WatchOptions,
): Promise<void> => {
  const display = quiet ? silent : runDisplay();
  const stop = new AbortController();
  const profiler =
    profile === undefined
      ? undefined
      : stepProfiler(profile === true ? {} : { enough: profile, onEnough: () => stop.abort() });
  let received: keyof typeof EXIT | undefined;
  let started = false;
  const onSignal = (signal: keyof typeof EXIT) => {
    // Until the run starts there is nothing to save. Then a step may take long; who asks twice does not want to wait
    // for it.
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
    const events = start({ signal: stop.signal, onDataProgress: display.onData, profiler });
    let next = await events.next();
    for (; !next.done; next = await events.next()) {
      started ||= next.value.type === 'start';
      display.on(next.value);
    }
    display.end();
    const { run, interrupted, evaluation, genotypes } = next.value;
    const timed = profiler?.report();
    const timedTable = timed === undefined ? '' : `${profileTable(timed)}\n`;
    if (interrupted || evaluation === undefined) {
      process.stderr.write(`saved; continue with: tailnas resume ${run}\n`);
      if (timed !== undefined)
        process.stdout.write(json ? `${JSON.stringify({ run, interrupted, profile: timed })}\n` : timedTable);
      // It was to stop after so many steps.
      process.exitCode = received === undefined ? 0 : EXIT[received];
      return;
    }
    // A run that was complete already stays as it is.
    const cells = started ? await drawCells(run, genotypes) : drawnCells(run);
    const folder = openRun(run);
    const { classes, counts } = folder.info.data;
    const results = classResults(evaluation.confusion, { classes, trainCounts: counts.train });
    process.stdout.write(
      json
        ? `${JSON.stringify({ run, evaluation, classes: results, genotypes, cells, records: folder.records(), profile: timed })}\n`
        : `${summary(evaluation, { folder, genotypes, cells })}\n${timedTable && `\n${timedTable}`}`,
    );
  } finally {
    display.end();
  }
};
