/** One thing that the set-up is doing now. `percent` (0 to 100) where that can be told. */
export interface SetupProgress {
  readonly text: string;
  readonly percent?: number;
  /** Seconds until it is done, where that can be told. */
  readonly left?: number;
}

export type OnProgress = (progress: SetupProgress) => void;

/** The part of `process.stderr` that printing needs. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const clock = (seconds: number): string => {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};

/** Milliseconds before which a rate says little. */
const SETTLED = 2000;

/** For a download: the seconds left, from the mean rate since this was called, not counting what was there before. */
export const timeLeft = (now: () => number = Date.now) => {
  const start = now();
  let first: number | undefined;
  return (done: number, total: number): { left?: number } => {
    first ??= done;
    const elapsed = now() - start;
    if (elapsed < SETTLED || done <= first) return {};
    return { left: ((total - done) * elapsed) / (done - first) / 1000 };
  };
};

/**
 * For showing a set-up: one line that changes in place on a terminal; elsewhere (a log file) one line for each new
 * text. Call `end` before anything else is printed.
 */
export const progressPrinter = (stream: ProgressStream): { update: OnProgress; end: () => void } => {
  let shown = '';
  if (stream.isTTY)
    return {
      update({ text, percent, left }) {
        const rest = left === undefined ? '' : `, ${clock(left)} left`;
        const line = percent === undefined ? text : `${text} ${Math.floor(percent)}%${rest}`;
        shown = line.slice(0, (stream.columns || 80) - 1);
        stream.write(`\r\x1b[2K${shown}`);
      },
      end() {
        if (shown) stream.write('\r\x1b[2K');
        shown = '';
      },
    };
  return {
    update({ text }) {
      if (text !== shown) stream.write(`${text}\n`);
      shown = text;
    },
    end() {},
  };
};
