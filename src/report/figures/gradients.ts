import * as Plot from '@observablehq/plot';
import { type Figure, FigureError, figure } from '../plot.js';
import type { LoadedRun } from '../runs.js';
import { mean } from '../statistics.js';
import { epochAxis, namedY, PANEL, phaseCaption, phaseMarks, spreadCaption } from './axes.js';
import { seriesLook } from './looks.js';
import { epochNumber, oneRecipe } from './runs.js';
import { legendOf, pooled, type Series, seriesMarks } from './series.js';

/**
 * Theorem 1, measured: the norm of the gradient that each component receives, over epochs, for its weights and for its architecture. With two branches
 * the heads' should follow m and 1 − m, and the backbone's keep its size. A norm of exactly 0 has no place on the logarithmic axis and is left out.
 */
export const gradientNorms = (runs: readonly LoadedRun[], { name = 'gradients' }: { name?: string } = {}): Figure => {
  const seeds = oneRecipe(runs, { what: 'gradient norms' });
  const components = [
    ...new Set(runs.flatMap(({ records }) => records.flatMap((r) => Object.keys(r.gradNorm.weights)))),
  ];
  const series = (of: 'weights' | 'alpha') =>
    components.map((component, i) => ({
      component,
      text: component === 'backbone' || components.length === 1 ? component : `${component} head`,
      look: seriesLook(i),
      points: pooled(
        runs.map(({ records }) =>
          records.map((r) => {
            const norm = r.gradNorm[of][component] ?? 0;
            return { x: epochNumber(r), y: norm > 0 ? norm : null };
          }),
        ),
      ),
    }));
  const [weights, alpha] = [series('weights'), series('alpha')];
  if ([...weights, ...alpha].every(({ points }) => points.length === 0))
    throw new FigureError(`Cannot draw gradient norms: ${seeds.name} must have at least 1 that is not 0, got none`);
  const panel = (drawn: typeof weights, label: string): Plot.PlotOptions => ({
    ...PANEL,
    x: epochAxis(runs, { count: 5 }),
    y: { ...namedY(label), type: 'log', ...decades(drawn), grid: true, tickFormat: scientific },
    marks: [...phaseMarks(runs), ...guides(drawn, runs), ...seriesMarks(drawn)],
  });
  return figure(
    {
      name,
      title: `Gradient norms of ${seeds.text}`,
      caption:
        `${seeds.label}: mean norm of the gradient of each component in every epoch, left for the network's weights, right for the architecture ` +
        `parameters. Norms of exactly 0 are left out (the axis is logarithmic), and those of alpha at rate 0, which are not computed.${followed(runs) ? GUIDED : ''}${phaseCaption(runs)}${spreadCaption(runs)}`,
    },
    {
      rows: [
        { legend: legendOf(weights) },
        { height: 320, panels: [panel(weights, 'gradient norm of weights'), panel(alpha, 'gradient norm of alpha')] },
      ],
    },
  );
};

const GUIDED =
  ' Dotted: m for the instance head and 1 − m for the class head, at the height that is nearest to the measured norms; theorem 1 has them follow these.';

/** What the heads' gradients should follow, by component. */
const FOLLOWS: Readonly<Record<string, (mixing: number) => number>> = { instance: (m) => m, class: (m) => 1 - m };
const followed = (runs: readonly LoadedRun[]): boolean =>
  runs.some(({ records }) => records.some(({ mixing }) => mixing !== null && mixing > 0 && mixing < 1));

/** m and 1 − m, moved up or down to lie on the norms of the head that should follow them. */
const guides = (
  drawn: readonly (Series & { readonly component: string })[],
  runs: readonly LoadedRun[],
): Plot.Markish[] => {
  const mixing = new Map(runs.flatMap(({ records }) => records.map((r) => [epochNumber(r), r.mixing ?? Number.NaN])));
  const [lowest = 0, highest = 0] = decades(drawn).domain;
  return drawn.flatMap(({ component, look, points }) => {
    const follows = FOLLOWS[component];
    if (follows === undefined || !followed(runs)) return [];
    const ideal = points.flatMap(({ x, mid }) => {
      const y = follows(mixing.get(x) ?? Number.NaN);
      return y > 0 ? [{ x, y, mid }] : [];
    });
    const height = mean(ideal.map(({ y, mid }) => Math.log(mid / y)));
    return Plot.lineY(
      ideal.map(({ x, y }) => ({ x, y: y * Math.exp(height) })).filter(({ y }) => y >= lowest && y <= highest),
      { x: 'x', y: 'y', stroke: look.color, strokeWidth: 1.5, strokeDasharray: '1 4' },
    );
  });
};

/** Powers of ten within the data, at least two of them: between powers a logarithmic axis says little. */
const decades = (series: readonly Series[]): { domain: number[]; ticks: number[] } => {
  const logs = series.flatMap(({ points }) => points.flatMap(({ low, high }) => [Math.log10(low), Math.log10(high)]));
  const from = logs.length === 0 ? -1 : Math.floor(Math.min(...logs));
  const to = logs.length === 0 ? 0 : Math.max(from + 1, Math.ceil(Math.max(...logs)));
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => Number(`1e${from + i}`));
  return { domain: [10 ** from, 10 ** to], ticks };
};

const scientific = (value: number): string => (value < 0.01 ? value.toExponential() : String(value));
