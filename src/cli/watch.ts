import { openRun } from '../run/index.js';
import type { RunEvent, RunResult } from '../train/index.js';
import { runDisplay, silent } from './progress.js';
import { drawCells, summary } from './summary.js';

/** Exit codes of a command that a signal ended early. */
export const EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

interface WatchOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/**
 * Follows a run to its end: shows it, saves and leaves with 130 or 143 when the process is told to stop, and prints what came of it.
 * `start` is given the signal that asks for an early end, and where to tell how loading data goes.
 */
export const watchRun = async (
  start: (watch: {
    signal: AbortSignal;
    onDataProgress: ReturnType<typeof runDisplay>['onData'];
  }) => AsyncGenerator<RunEvent, RunResult>,
  { json, quiet }: WatchOptions,
): Promise<void> => {
  const display = quiet ? silent : runDisplay();
  const stop = new AbortController();
  let received: keyof typeof EXIT | undefined;
  let started = false;
  const onSignal = (signal: keyof typeof EXIT) => {
    // Until the search starts there is nothing to save. Then a step may take long; who asks twice does not want to wait for it.
    if (!started || received !== undefined) {
      display.end();
      process.exit(EXIT[signal]);
    }
    received = signal;
    display.onEvent({ type: 'notice', text: 'stopping after this step; once more leaves without saving' });
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
    const events = start({ signal: stop.signal, onDataProgress: display.onData });
    let next = await events.next();
    for (; !next.done; next = await events.next()) {
      started ||= next.value.type === 'start';
      display.onEvent(next.value);
    }
    display.end();
    const { run, interrupted, evaluation, genotypes } = next.value;
    if (interrupted || evaluation === undefined) {
      process.stderr.write(`saved; go on with: tailnas resume ${run}\n`);
      process.exitCode = EXIT[received ?? 'SIGINT'];
      return;
    }
    const cells = await drawCells(run, genotypes);
    const folder = openRun(run);
    process.stdout.write(
      json
        ? `${JSON.stringify({ run, evaluation, genotypes, cells, records: folder.records() })}\n`
        : `${summary(evaluation, { folder, genotypes, cells })}\n`,
    );
  } finally {
    display.end();
  }
};
