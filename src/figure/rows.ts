import { byRow, type LoadedRun, type Point, pooled, type Row } from '../measure/index.js';
import type { EpochRecord } from '../run/index.js';
import { type Look, rowLook } from './looks.js';

/** A row as a series of a figure. */
export interface Seeds extends Row {
  /** For legends: the label and how many runs. */
  readonly text: string;
  readonly look: Look;
}

/** The runs by row, in the paper's order. */
export const seedsOf = (runs: readonly LoadedRun[]): Seeds[] =>
  byRow(runs).map((row) => ({ ...row, text: `${row.label} (n = ${row.runs.length})`, look: rowLook(row.name) }));

/** Epochs as people count them, from 1. */
export const epochNumber = ({ epoch }: Pick<EpochRecord, 'epoch'>): number => epoch + 1;

/** A value of each epoch over the epochs of all runs. */
export const overEpochs = (
  runs: readonly LoadedRun[],
  of: (record: EpochRecord, before: EpochRecord | undefined) => number | null | undefined,
): Point[] =>
  pooled(runs.map(({ records }) => records.map((r, i) => ({ x: epochNumber(r), y: of(r, records[i - 1]) }))));

/** Where one phase ends and the next begins, between two epochs; empty for runs of one phase. */
export const phaseStarts = (runs: readonly LoadedRun[]): number[] => {
  const starts = runs.flatMap(({ records }) =>
    records.flatMap((r, i) => (i > 0 && records[i - 1]?.phase !== r.phase ? [epochNumber(r) - 0.5] : [])),
  );
  return [...new Set(starts)];
};
