import type { Plan } from '../experiment/index.js';
import type { ExpectedEpoch, Forecast } from '../forecast/index.js';

/** How long a run still takes, by what was expected of it and what it has taken so far. */
export interface TimeLeft {
  /** Epochs of the run, as far as is known. */
  epochs(): number;
  /** The phase that an epoch is of. */
  phase(epoch: number): string | undefined;
  /** A step of an epoch is done, the epoch's first being 1. */
  step(at: { readonly epoch: number; readonly step: number; readonly seconds: number }): void;
  /** An epoch is done, so many seconds after its last step. */
  epoch(at: { readonly epoch: number; readonly seconds: number }): void;
  /** A phase has ended early, after so many epochs of the run. */
  stop(at: { readonly phase: string; readonly epoch: number }): void;
  /** Seconds of a step in this epoch; undefined before the first. */
  perStep(epoch: number): number | undefined;
  /** Seconds from a step of an epoch to the end of the run; undefined before the first step. */
  left(at: { readonly epoch: number; readonly step: number }): number | undefined;
}

/** Of a run of which nothing is expected all steps are taken to be alike. */
const alike = (plan: Pick<Plan, 'phases'>, stepsPerEpoch: number): ExpectedEpoch[] =>
  plan.phases.flatMap(({ name, epochs, steps = stepsPerEpoch }) =>
    new Array<ExpectedEpoch>(epochs).fill({ phase: name, first: 0, steps, perStep: 1, last: 0 }),
  );

const MEMORY = 0.95; // of earlier steps, in the mean of all: other work on the machine comes and goes
const WARM = 1; // steps of a phase that pay for caches and memory: they say little of those to come

/** What precedes or follows the steps of epochs, as it was measured so far. */
const measurement = () => {
  let [seconds, expected, times] = [0, 0, 0];
  return {
    add: (took: number, of: number): void => {
      seconds += took;
      expected += of;
      times++;
    },
    /** As a share of what was expected. */
    share: (): number | undefined => (expected > 0 ? seconds / expected : undefined),
    mean: (): number => seconds / Math.max(1, times),
  };
};

const secondsOf = ({ first, steps, perStep, last }: ExpectedEpoch): number => first + steps * perStep + last;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/**
 * The time that a run has left: each kind of work at what the forecast says of its epoch, times how much longer it has
 * taken so far. Without a forecast each epoch is as long as those before, by its number of steps.
 */
export const timeLeft = (
  plan: Pick<Plan, 'phases'>,
  { stepsPerEpoch, forecast }: { stepsPerEpoch: number; forecast?: Forecast | undefined },
): TimeLeft => {
  let epochs: readonly ExpectedEpoch[] = forecast?.expectedEpochs ?? alike(plan, stepsPerEpoch);
  const test = forecast === undefined ? 0 : forecast.expectedSeconds - sum(epochs.map(secondsOf));
  const [firsts, lasts] = [measurement(), measurement()];
  let [seconds, expected] = [0, 0]; // of steps
  let phase: string | undefined;
  let since = 0; // steps of this phase that were counted

  const pace = (): number | undefined => (expected > 0 ? seconds / expected : undefined);
  const perStep = (epoch: number): number | undefined => {
    const [own, rate] = [epochs[epoch], pace()];
    return own === undefined || rate === undefined ? undefined : rate * own.perStep;
  };
  const of = (measured: ReturnType<typeof measurement>, usual: number): number =>
    forecast === undefined ? measured.mean() : usual * (measured.share() ?? pace() ?? 1);

  return {
    epochs: () => epochs.length,
    phase: (epoch) => epochs[epoch]?.phase,
    step: ({ epoch, step, seconds: took }) => {
      const own = epochs[epoch];
      if (own === undefined) return;
      const usual = own.phase === phase ? perStep(epoch) : undefined;
      if (own.phase !== phase) since = 0;
      if (step === 1 && (own.first > 0 || (forecast === undefined && usual !== undefined))) {
        // It has taken what precedes it as well, and says nothing of the steps to come.
        firsts.add(Math.max(0, took - (perStep(epoch) ?? own.perStep)), own.first);
        if (pace() === undefined) [seconds, expected] = [own.perStep, own.perStep];
      } else {
        since++;
        const keep = since <= WARM + 1 ? 0 : MEMORY;
        [seconds, expected] = [keep * seconds + took, keep * expected + own.perStep];
      }
      phase = own.phase;
    },
    epoch: ({ epoch, seconds: took }) => lasts.add(took, epochs[epoch]?.last ?? 0),
    stop: ({ phase: ended, epoch }) => {
      epochs = epochs.filter((one, i) => i < epoch || one.phase !== ended);
    },
    perStep,
    left: ({ epoch, step }) => {
      const [own, rate] = [epochs[epoch], pace()];
      if (own === undefined || rate === undefined) return undefined;
      const later = epochs.slice(epoch + 1);
      const steps = (own.steps - step) * own.perStep + sum(later.map((one) => one.steps * one.perStep));
      return (
        rate * steps +
        sum(later.map((one) => of(firsts, one.first))) +
        sum([own, ...later].map((one) => of(lasts, one.last))) +
        (test === 0 ? 0 : of(lasts, test))
      );
    },
  };
};
