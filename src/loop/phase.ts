import type { Context, Json, Learner } from '../learn/index.js';
import type { EpochRecord } from '../run/index.js';
import type { Schedule } from '../schedule/index.js';

/** An epoch's record as the loop makes it, without the figures of the machine. */
export type Epoch = Omit<EpochRecord, 'peakMemoryBytes' | 'versions'>;

/** Ends a phase before its last epoch. */
export interface StopRule {
  readonly label: string;
  /**
   * Why the phase should end after the last of these epochs, which are all of the phase so far; undefined where it
   * should not.
   */
  reason(epochs: readonly Epoch[]): string | undefined;
  /** The epoch whose cells are taken where it ends the phase; undefined for the last. */
  goesBackTo?(epochs: readonly Epoch[]): number | undefined;
}

/** A stretch of a run with schedules of its own; each runs over it from t = 0. */
export interface Phase {
  readonly name: string;
  /** A phase without epochs trains nothing: the network that it builds is tested, or goes on in the next. */
  readonly epochs: number;
  /** Steps of each of its epochs; those of the run unless said. */
  readonly steps?: number | undefined;
  /** Components that stay as they are. */
  readonly frozen?: readonly string[];
  /** What changes from epoch to epoch, by name: `weightLr`, `archLr.backbone`, `mixing`, `dropPath`. */
  readonly knobs: Readonly<Record<string, Schedule>>;
  /**
   * Builds what learns in this phase, from the learner before it or, when a run is resumed within the phase, from what
   * its checkpoint holds in `memo`. A phase without it goes on with the learner before.
   */
  readonly start?: (
    context: Context,
    from: { readonly before?: Learner | undefined; readonly memo?: Json | undefined },
  ) => Learner;
  readonly stop?: StopRule | undefined;
  /** It builds its own learner, and may learn from other images than the phases before it, of as many classes. */
  readonly adapts?: boolean;
  /** Why one process must carry it out; absent where several may, each on its share of every batch. */
  readonly alone?: string | undefined;
}

/** Why a phase ends after these epochs of it, if it does; of the last phase also whose cells are taken. */
export const stopReason = (
  { stop }: Pick<Phase, 'stop'>,
  { epochs, last }: { epochs: readonly Epoch[]; last: boolean },
): string | undefined => {
  const reason = stop?.reason(epochs);
  const back = reason === undefined || !last ? undefined : stop?.goesBackTo?.(epochs);
  return back === undefined ? reason : `${reason}; the cells are those of epoch ${back + 1}`;
};

/** Epochs of all phases together, if none ends early. */
export const totalEpochs = (phases: readonly Pick<Phase, 'epochs'>[]): number =>
  phases.reduce((sum, p) => sum + p.epochs, 0);

/** The first epoch of each phase, counted over the whole run, if none ends early. */
export const firstEpochs = (phases: readonly Pick<Phase, 'epochs'>[]): number[] =>
  phases.map((_, i) => totalEpochs(phases.slice(0, i)));

/** The values of a phase's schedules at progress t. */
export const knobsAt = ({ knobs }: Pick<Phase, 'knobs'>, t: number): Record<string, number> =>
  Object.fromEntries(Object.entries(knobs).map(([name, schedule]) => [name, schedule(t)]));

/** Throws a RangeError when a schedule is no finite number in some epoch, or a learning rate is negative. */
export const checkKnobs = (phases: readonly Phase[]): void => {
  for (const { name: phase, knobs, epochs } of phases)
    for (const [name, schedule] of Object.entries(knobs))
      for (let epoch = 0; epoch < epochs; epoch++) {
        const t = epoch / epochs;
        const value = schedule(t);
        const isRate = /(^|[a-z])Lr(\.|$)|^lr$/.test(name);
        if (!Number.isFinite(value) || (isRate && value < 0))
          throw new RangeError(
            `Cannot run phase ${phase}: ${name} must be ${isRate ? 'a number >= 0' : 'a finite number'}, ` +
              `${schedule.label} is ${value} at t = ${t.toFixed(2)}`,
          );
      }
};
