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

/** About as fine as a run of 1,000 epochs. */
const PROBES = 1001;

interface Range {
  readonly holds: (value: number) => boolean;
  readonly rule: string;
}

const requireThroughout = (value: Schedule, what: string, { holds, rule }: Range): Schedule => {
  for (let i = 0; i < PROBES; i++) {
    const t = i / PROBES;
    if (!holds(value(t)))
      throw new RangeError(`${what} must be ${rule}, got ${value(t)} at t = ${t.toFixed(3)} from ${value.label}`);
  }
  return value;
};

/**
 * Throws a RangeError when a schedule leaves [0, 1] or is no number anywhere in training. `what` begins the error:
 * `Cannot mix branches: the mixing ratio`. Returns it.
 */
export const requireFraction = (value: Schedule, what: string): Schedule =>
  requireThroughout(value, what, { holds: (x) => x >= 0 && x <= 1, rule: 'in [0, 1]' });

/** Throws a RangeError when a schedule is not above 0 everywhere in training; see `requireFraction`. */
export const requirePositive = (value: Schedule, what: string): Schedule =>
  requireThroughout(value, what, { holds: (x) => x > 0, rule: '> 0' });

/** `requireFraction` for use as a mixing ratio of two branches. */
export const requireMixing = (mixing: Schedule): Schedule =>
  requireFraction(mixing, 'Cannot mix branches: the mixing ratio');
