import { rowLabel } from '../measure/index.js';
import type { Evaluation, RunInfo } from '../run/index.js';
import type { History } from './history.js';
import { shown } from './shown.js';
import { type Progress, progressOf } from './time-left.js';

/** How a run stands. `reading`: its records so far are still being read; `stopped`: it can be resumed. */
export type State = 'reading' | 'queued' | 'running' | 'stopped' | 'finished' | 'diverged' | 'failed' | 'damaged';

/** A run as a line of the table has it. Texts are printable; accuracies are shares. */
export interface Summary {
  readonly id: string;
  readonly name: string;
  readonly state: State;
  /** What went wrong, or what is going on beside epochs. */
  readonly sentence: string | null;
  readonly label: string;
  readonly seed: number | null;
  readonly phase: string | null;
  readonly progress: Progress;
  /** When the last epoch ended, in milliseconds since 1970. */
  readonly at: number | null;
  /** Who writes it. */
  readonly host: string | null;
  readonly trainLoss: number | null;
  readonly validLoss: number | null;
  readonly accuracy: number | null;
  readonly perClass: number | null;
  readonly head: number | null;
  readonly tail: number | null;
  /** Mean per class on the test images, of a finished run. */
  readonly test: number | null;
}

const NOTHING = {
  ...{ sentence: null, seed: null, phase: null, at: null, host: null, trainLoss: null, validLoss: null },
  ...{ accuracy: null, perClass: null, head: null, tail: null, test: null },
} as const;

/** Of a run that is planned. */
export const queuedSummary = (
  { label, epochs, expectedSeconds }: { label: string; epochs: number | null; expectedSeconds: number | null },
  of: Pick<Summary, 'id' | 'name'>,
): Summary => ({
  ...NOTHING,
  ...of,
  state: 'queued',
  label: shown(label),
  progress: { done: 0, planned: epochs ?? 0, perEpoch: null, left: expectedSeconds },
});

/** Of a folder whose run.json cannot be read. */
export const damagedSummary = (sentence: string, of: Pick<Summary, 'id' | 'name'>): Summary => ({
  ...NOTHING,
  ...of,
  state: 'damaged',
  sentence: shown(sentence),
  label: '',
  progress: { done: 0, planned: 0, perEpoch: null, left: null },
});

interface Standing extends Pick<Summary, 'id' | 'name' | 'state' | 'at'> {
  readonly info: RunInfo;
  readonly past: History;
  readonly sentence: string | undefined;
  readonly host: string | undefined;
  readonly evaluation: Pick<Evaluation, 'meanPerClassAccuracy'> | undefined;
}

export const runSummary = ({ info, past, evaluation, ...of }: Standing): Summary => {
  const { columns, last } = past;
  const now = (name: Exclude<keyof typeof columns, 'epoch'>): number | null => columns[name].at(-1) ?? null;
  const progress = progressOf(info.experiment.phases, past.ended());
  const open = of.state === 'running' || of.state === 'stopped' || of.state === 'reading';
  return {
    ...{ id: of.id, name: of.name, state: of.state, at: of.at },
    sentence: of.sentence === undefined ? null : shown(of.sentence),
    host: of.host === undefined ? null : shown(of.host),
    label: shown(rowLabel(info)),
    seed: info.seed,
    phase: shown(last?.phase ?? info.experiment.phases[0]?.name ?? ''),
    progress: open ? progress : { ...progress, left: null },
    ...{ trainLoss: now('trainLoss'), validLoss: now('validLoss'), accuracy: now('accuracy') },
    ...{ perClass: now('perClass'), head: now('head'), tail: now('tail') },
    test: evaluation?.meanPerClassAccuracy ?? null,
  };
};
