import * as Plot from '@observablehq/plot';
import type { LoadedRun } from '../measure/index.js';
import { COLORS } from './looks.js';
import { epochNumber, phaseStarts } from './rows.js';

/** How axes and their labels are set in every panel. */
export const PANEL = { marginLeft: 70, marginRight: 18, marginTop: 10, marginBottom: 44 } as const;

/** A label in the middle of its axis, without an arrow. */
export const named = (label: string | null) => ({ label, labelAnchor: 'center', labelArrow: 'none' }) as const;

/** The same for a vertical axis, with room for its numbers. */
export const namedY = (label: string | null) => ({ ...named(label), labelOffset: PANEL.marginLeft - 8 });

/** Whole numbers from `from` to `to`, about `count` of them, round ones: epochs have no halves. */
export const wholeTicks = (from: number, { to, count = 8 }: { to: number; count?: number }): number[] => {
  const rough = Math.max(1, (to - from) / count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, Math.round(power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10)));
  const round = Array.from({ length: Math.floor(to / step) + 1 }, (_, i) => i * step).filter((x) => x >= from);
  // The first epoch is named as well, unless a round one is too near for both names to fit.
  return step === 1 || from % step === 0 || (round[0] ?? to) - from < step / 2 ? round : [from, ...round];
};

/** The epochs of all runs as x axis; a run of one epoch gets room on both sides. `label` null: ticks without numbers. */
export const epochAxis = (
  runs: readonly LoadedRun[],
  { label = 'epoch', count = 10 }: { label?: string | null; count?: number } = {},
): Plot.ScaleOptions => {
  const last = Math.max(1, ...runs.flatMap(({ records }) => records.map(epochNumber)));
  return {
    ...named(label),
    domain: last === 1 ? [0.5, 1.5] : [1, last],
    ticks: wholeTicks(1, { to: last, count }),
    tickFormat: label === null ? () => '' : 'd',
    tickSize: label === null ? 0 : 6,
    grid: true,
  };
};

/** Vertical lines where a later phase begins. */
export const phaseMarks = (runs: readonly LoadedRun[]): Plot.Markish[] => [
  Plot.ruleX(phaseStarts(runs), { stroke: COLORS.grey, strokeWidth: 1.5, strokeDasharray: '1 3' }),
];

/** What the vertical lines are, for a caption; empty when there are none. */
export const phaseCaption = (runs: readonly LoadedRun[]): string =>
  phaseStarts(runs).length === 0 ? '' : ' The dotted vertical line is where the continued phase begins.';

/** What lines and bands are, for a caption. */
export const spreadCaption = (runs: readonly unknown[]): string =>
  runs.length === 1
    ? ' One run.'
    : ' Lines: mean of the n runs with different seeds; bands: from the lowest to the highest.';
