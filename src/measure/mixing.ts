import type { EpochRecord, RunInfo } from '../run/index.js';
import type { LoadedRun } from './runs.js';

/** Accuracies at one test-time mixing, in percent. */
export interface Mixed {
  readonly mixing: number;
  readonly accuracy: number;
  readonly meanPerClass: number;
}

const mixedOf = (answers: EpochRecord['answers'] | undefined): Mixed[] =>
  (answers ?? []).flatMap(({ at: { mixing }, accuracy, meanPerClassAccuracy }) =>
    mixing === undefined ? [] : [{ mixing, accuracy: 100 * accuracy, meanPerClass: 100 * meanPerClassAccuracy }],
  );

/** A finished run at every test-time mixing; empty for networks that do not mix. */
export const testSweep = ({ evaluation }: LoadedRun): Mixed[] => mixedOf(evaluation?.answers?.test);
export const validSweep = ({ evaluation }: LoadedRun): Mixed[] => mixedOf(evaluation?.answers?.valid);

/** Mean per-class validation accuracy of an epoch at a mixing, in percent. */
export const validAt = (record: EpochRecord | undefined, mixing: number): number | undefined =>
  mixedOf(record?.answers).find((at) => Math.abs(at.mixing - mixing) < 1e-9)?.meanPerClass;

/** Whether a network has two heads that are mixed. */
export const mixes = ({ experiment }: RunInfo): boolean => experiment.phases.some(({ knobs }) => 'mixing' in knobs);
