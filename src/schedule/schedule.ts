/**
 * A number that changes over training: a pure function of progress t in [0, 1), with a label for figures and
 * `run.json`.
 */
export interface Schedule {
  (t: number): number;
  readonly label: string;
}

/** Makes a schedule from its formula. */
export const schedule = (label: string, formula: (t: number) => number): Schedule =>
  Object.assign((t: number) => formula(t), { label });

const PROBES = 101;

/**
 * Throws a RangeError when a schedule leaves [0, 1] or is no number anywhere in training; `what` says what it is for.
 * Returns it.
 */
export const requireShare = (share: Schedule, what: string): Schedule => {
  for (let i = 0; i < PROBES; i++) {
    const t = i / PROBES;
    const value = share(t);
    if (!(value >= 0 && value <= 1))
      throw new RangeError(`${what} must be in [0, 1], got ${value} at t = ${t.toFixed(2)} from ${share.label}`);
  }
  return share;
};

/** As `requireShare`, for a mixing ratio. */
export const requireMixing = (mixing: Schedule): Schedule =>
  requireShare(mixing, 'Cannot mix branches: the mixing ratio');
