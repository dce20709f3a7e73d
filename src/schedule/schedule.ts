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
 * Throws a RangeError when a schedule leaves [0, 1] or is no number anywhere in training. `what` begins the error:
 * `Cannot mix branches: the mixing ratio`. Returns it.
 */
export const requireFraction = (value: Schedule, what: string): Schedule => {
  for (let i = 0; i < PROBES; i++) {
    const t = i / PROBES;
    const m = value(t);
    if (!(m >= 0 && m <= 1))
      throw new RangeError(`${what} must be in [0, 1], got ${m} at t = ${t.toFixed(2)} from ${value.label}`);
  }
  return value;
};

/** `requireFraction` for use as a mixing ratio of two branches. */
export const requireMixing = (mixing: Schedule): Schedule =>
  requireFraction(mixing, 'Cannot mix branches: the mixing ratio');
