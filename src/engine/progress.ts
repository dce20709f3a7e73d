/** One thing that the set-up is doing now. `percent` (0 to 100) where that can be told. */
export interface SetupProgress {
  readonly text: string;
  readonly percent?: number;
}

export type OnProgress = (progress: SetupProgress) => void;

/** The part of `process.stderr` that printing needs. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/**
 * For showing a set-up: one line that changes in place on a terminal; elsewhere (a log file) one line for each new
 * text. Call `end` before anything else is printed.
 */
export const progressPrinter = (stream: ProgressStream): { update: OnProgress; end: () => void } => {
  let shown = '';
  if (stream.isTTY)
    return {
      update({ text, percent }) {
        const line = percent === undefined ? text : `${text} ${Math.floor(percent)}%`;
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
