import { type Plan, stepsOf } from '../experiment/index.js';
import type { EpochWork, WorkPart } from '../learn/index.js';
import { firstEpochs, knobsAt } from '../loop/index.js';
import { at, fromZero, type Line } from './line.js';
import type { DataSizes, MeasuredPart, MeasuredPhase, Probe } from './probe.js';

/** What an epoch is expected to take, in seconds. */
export interface ExpectedEpoch {
  readonly phase: string;
  /** Before its first step. */
  readonly first: number;
  readonly steps: number;
  readonly perStep: number;
  /** After its last step, validation included. */
  readonly last: number;
}

/** A run as it is measured: at two sizes of batch, the second perhaps the same. */
export interface Measured {
  readonly probes: readonly [Probe, Probe];
  /** Of one process. */
  readonly batchSize: number;
  readonly sizes: DataSizes;
}

const FLOAT = 4; // bytes

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** An epoch of all phases, with what its learner says of it. */
export interface PlannedEpoch {
  readonly phase: string;
  readonly steps: number;
  readonly work: EpochWork;
}

/** All epochs of a run, if no phase ends early. */
export const plannedEpochs = (plan: Plan, { probes: [, last], batchSize, sizes }: Measured): PlannedEpoch[] => {
  const { trainImages, validImages } = sizes;
  const firsts = firstEpochs(plan.phases);
  return plan.phases.flatMap((phase, i) => {
    const first = firsts[i] ?? 0;
    const learner = last.phases.get(phase.name);
    // A phase without a start goes on with the learner of an earlier one, which counts its epochs from there.
    const built = plan.phases.findLastIndex(({ start }, j) => j <= i && start !== undefined);
    const began = firsts[built] ?? first;
    return Array.from({ length: phase.epochs }, (_, epoch): PlannedEpoch => {
      const knobs = knobsAt(phase, epoch / phase.epochs);
      const work = learner?.work?.({ epoch: first + epoch, first: began, knobs }, { batchSize, validImages }) ?? {};
      return { phase: phase.name, steps: phase.steps ?? stepsOf(plan, trainImages), work };
    });
  });
};

/** The line through what a phase is at both sizes of batch. */
const lineOf = ({ probes: [first, last] }: Measured, name: string, of: (phase: MeasuredPhase, by: Probe) => number) => {
  const point = (by: Probe): [number, number] => {
    const phase = by.phases.get(name);
    return [by.batch, phase === undefined ? 0 : of(phase, by)];
  };
  return fromZero(point(first), point(last));
};

/** The line through what a part of the work is, in its images; in another phase where its own has not begun with it. */
const partLine = (
  { probes: [first, last] }: Measured,
  { phase, name }: { phase: string; name: string },
  of: (part: MeasuredPart, by: Probe) => number,
): Line => {
  const point = (by: Probe): [number, number] => {
    const everywhere = [by.phases.get(phase), ...by.phases.values()];
    const part = everywhere.flatMap((one) => one?.parts.get(name) ?? [])[0];
    return part === undefined ? [by.batch, 0] : [part.images, of(part, by)];
  };
  return fromZero(point(first), point(last));
};

/** A batch of validation, in the last phase: what is tested is its network. */
export const validationSeconds = (plan: Plan, measured: Measured): number => {
  const phase = plan.phases.findLast(({ epochs }) => epochs > 0)?.name ?? '';
  return at(
    lineOf(measured, phase, ({ validation }) => validation),
    measured.batchSize,
  );
};

/** What every epoch of a run takes. */
export const expectedEpochs = (plan: Plan, measured: Measured): ExpectedEpoch[] => {
  const { batchSize, sizes } = measured;
  const validations = Math.ceil(sizes.validImages / plan.batchSize);
  return plannedEpochs(plan, measured).map(({ phase, steps, work: { share = 1, lacks = [], parts = [] } }) => {
    const seconds = (of: (own: MeasuredPhase) => number): number => share * at(lineOf(measured, phase, of), batchSize);
    const partsAt = (when: WorkPart['when']): number =>
      share *
      sum(
        parts
          .filter((part) => part.when === when)
          .map(({ name, times, images = batchSize }) => {
            return (
              times *
              at(
                partLine(measured, { phase, name }, (part) => part.seconds),
                images,
              )
            );
          }),
      );
    const step = ({ within, ...own }: MeasuredPhase): number =>
      own.step - sum(lacks.map((name) => within.get(name) ?? 0));
    return {
      phase,
      first: partsAt('first'),
      steps,
      perStep: seconds(step) + partsAt(undefined) / steps,
      last: partsAt('last') + validations * seconds(({ validation }) => validation),
    };
  });
};

/** Bytes that tensors take by the size of a batch: a line for each kind of work, the run needs the most of them. */
export const tensorLines = (plan: Plan, measured: Measured): Line[] => {
  const { imageSize, channels } = measured.sizes;
  const [, last] = measured.probes;
  const usual = [...last.phases].flatMap(([phase, { peaks }]) =>
    [...peaks.keys()].map((name) => lineOf(measured, phase, (own, { kept }) => kept * (own.peaks.get(name) ?? 0))),
  );
  const parts = plannedEpochs(plan, measured).flatMap(({ phase, work }) =>
    (work.parts ?? []).map(({ name, images, held = 0 }): Line => {
      const line = partLine(measured, { phase, name }, ({ peak }, { kept }) => kept * peak);
      const own = images === undefined ? line : { a: at(line, images), b: 0 };
      return { ...own, a: own.a + held * imageSize ** 2 * channels * FLOAT };
    }),
  );
  return [...usual, ...parts];
};
