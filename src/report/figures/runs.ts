import type { EpochRecord } from '../../run/index.js';
import { FigureError, type Look } from '../plot.js';
import { byRow, requireComparable, rowLabel, rowName } from '../results.js';
import type { LoadedRun } from '../runs.js';
import { recipeLook } from './looks.js';

/** The runs of one recipe: its seeds. */
export interface Seeds {
  /** The recipe's name, with what was changed of it. */
  readonly name: string;
  readonly label: string;
  /** For legends: the label and how many runs. */
  readonly text: string;
  readonly look: Look;
  readonly runs: readonly LoadedRun[];
}

/**
 * Groups runs by recipe, in order of first appearance. `what` is the figure, for messages. Throws a FigureError when there are no runs, a
 * ComparisonError when they must not stand in one figure.
 */
export const seedsOf = (runs: readonly LoadedRun[], { what }: { what: string }): Seeds[] => {
  if (runs.length === 0) throw new FigureError(`Cannot draw ${what}: it needs at least 1 run, got none`);
  requireComparable(runs);
  return byRow(runs).flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const [name, label] = [rowName(first.info), rowLabel(first.info)];
    return [{ name, label, text: `${label} (n = ${members.length})`, look: recipeLook(name), runs: members }];
  });
};

/** The runs as seeds of one recipe. Throws a FigureError when they are of several, or have no epoch yet. */
export const oneRecipe = (runs: readonly LoadedRun[], { what }: { what: string }): Seeds => {
  const all = seedsOf(runs, { what });
  const [seeds] = all;
  if (seeds === undefined || all.length > 1) {
    const names = all.map((s) => s.name).join(', ');
    throw new FigureError(`Cannot draw ${what}: its runs must be of one recipe, got ${names}; draw one at a time`);
  }
  if (runs.every(({ records }) => records.length === 0))
    throw new FigureError(
      `Cannot draw ${what}: ${seeds.name} must have at least 1 epoch, got none; wait for its first one`,
    );
  return seeds;
};

/** Epochs as people count them, from 1. */
export const epochNumber = ({ epoch }: Pick<EpochRecord, 'epoch'>): number => epoch + 1;

/** Where one phase ends and the next begins, between two epochs; empty for runs of one phase. */
export const phaseStarts = (runs: readonly LoadedRun[]): number[] => {
  const starts = runs.flatMap(({ records }) =>
    records.flatMap((r, i) => (i > 0 && records[i - 1]?.phase !== r.phase ? [epochNumber(r) - 0.5] : [])),
  );
  return [...new Set(starts)];
};
