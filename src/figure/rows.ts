import { byRow, type LoadedRun, type Point, pooled, type Row, requireComparable } from '../measure/index.js';
import type { EpochRecord } from '../run/index.js';
import { FigureError } from './canvas.js';
import { type Look, rowLook } from './looks.js';

/** A row as a series of a figure. */
export interface Seeds extends Row {
  /** For legends: the label and how many runs. */
  readonly text: string;
  readonly look: Look;
}

/** Says that a figure cannot be drawn, by its name. */
export const refuse = (name: string, problem: string): never => {
  throw new FigureError(`Cannot draw ${name}: ${problem}`);
};

/** The runs by row, in the paper's order. Throws when there are none, or they must not stand in one figure. */
export const seedsOf = (runs: readonly LoadedRun[], name: string): Seeds[] => {
  if (runs.length === 0) refuse(name, 'it needs at least 1 run, got none');
  requireComparable(runs);
  return byRow(runs).map((row) => ({
    ...row,
    text: `${row.label} (n = ${row.runs.length})`,
    look: rowLook(row.name),
  }));
};

/** The runs as seeds of one row. Throws when they are of several, or have no epoch yet. */
export const oneRow = (runs: readonly LoadedRun[], name: string): Seeds => {
  const [seeds, ...others] = seedsOf(runs, name);
  if (seeds === undefined || others.length > 0) {
    const names = [seeds, ...others].map((s) => s?.name).join(', ');
    return refuse(name, `its runs must be of one recipe, got ${names}; draw one at a time`);
  }
  if (runs.every(({ records }) => records.length === 0))
    refuse(name, `${seeds.name} must have at least 1 epoch, got none; wait for its first one`);
  return seeds;
};

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
