import { durationWithUnits } from '../measure/index.js';

/** A budget in which not even the smallest networks can be searched and trained. */
export class BudgetError extends RangeError {
  override readonly name = 'BudgetError';
}

/** What one epoch of a run takes on this machine, in seconds. */
export interface Pace {
  readonly stepsPerEpoch: number;
  readonly perStep: number;
  /** Validation, after each epoch. */
  readonly perValidation: number;
  /** The test, at the end. */
  readonly test: number;
  /** How many such epochs an epoch that is asked for comes to, with all phases that go by it; 1 unless said. */
  readonly perEpoch?: number;
  /** What has a length of its own, such as a selection or a classifier stage, in seconds; none unless said. */
  readonly besides?: number;
}

/** How many epochs a run may have. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
  /** Of which number they must be a multiple; 1 unless said. */
  readonly multiple?: number;
}

/** The length of a run: whole epochs, or, if not even a few of them fit, epochs with a fixed number of steps. */
export interface Length {
  readonly epochs: number;
  /** 0 for whole epochs. */
  readonly steps: number;
  readonly seconds: number;
}

const FEWEST_STEPS = 5; // per epoch: fewer would only warm up

const epochSeconds = ({ perStep, perValidation, perEpoch = 1 }: Pace, steps: number): number =>
  perEpoch * (steps * perStep + perValidation);
const onceSeconds = ({ test, besides = 0 }: Pace): number => test + besides;

/** The seconds below which a run of at least so many epochs cannot be. */
export const leastSeconds = (pace: Pace, { least }: Pick<Bounds, 'least'>): number =>
  least * epochSeconds(pace, Math.min(pace.stepsPerEpoch, FEWEST_STEPS)) + onceSeconds(pace);

/** The longest run within some seconds, of `least` to `most` epochs; undefined where none is. */
export const lengthWithin = (
  seconds: number,
  pace: Pace,
  { least, most, multiple = 1 }: Bounds,
): Length | undefined => {
  const left = seconds - onceSeconds(pace);
  const rounded = (epochs: number): number => Math.floor(epochs / multiple) * multiple;
  const whole = rounded(left / epochSeconds(pace, pace.stepsPerEpoch));
  const at = (epochs: number, steps: number): Length => ({
    epochs,
    steps,
    seconds: epochs * epochSeconds(pace, steps || pace.stepsPerEpoch) + onceSeconds(pace),
  });
  if (whole >= least) return at(Math.min(whole, rounded(most)), 0);
  const steps = Math.floor((left / least / (pace.perEpoch ?? 1) - pace.perValidation) / pace.perStep);
  return steps < Math.min(pace.stepsPerEpoch, FEWEST_STEPS) ? undefined : at(least, steps);
};

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Seconds of `30m`, `2h` or `90s`. Throws a RangeError on anything else. */
export const secondsOfBudget = (word: string): number => {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smh])$/.exec(word) ?? [];
  const seconds = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (!(seconds > 0)) throw new RangeError(`It must be a time such as 30m, 2h or 90s, got "${word}"`);
  return seconds;
};

/** A time as one would ask for it, rounded up: `12m`, `3h`. */
export const budgetOfSeconds = (seconds: number): string =>
  seconds > 5400 ? `${Math.ceil(seconds / 3600)}h` : `${Math.ceil(seconds / 60)}m`;

/** Throws a BudgetError that says which budget would do. */
export const refuseBudget = (budgetSeconds: number, { needed }: { needed: number }): never => {
  throw new BudgetError(
    `Cannot fit: the budget must be about ${durationWithUnits(needed)} or more on this machine, for the smallest ` +
      `networks and ${FEWEST_STEPS} steps per epoch, got ${durationWithUnits(budgetSeconds)}; ` +
      `use --budget ${budgetOfSeconds(needed)}`,
  );
};
