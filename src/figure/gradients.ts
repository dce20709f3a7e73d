import * as Plot from '@observablehq/plot';
import { type LoadedRun, mean } from '../measure/index.js';
import { heads } from '../paper/index.js';
import { refuse } from './canvas.js';
import {
  epochAxis,
  epochNumber,
  namedY,
  overEpochs,
  PANEL,
  phaseCaption,
  phaseMarks,
  type Series,
  seriesMarks,
  seriesTable,
} from './chart.js';
import type { FigureKind } from './kind.js';
import { seriesLook } from './looks.js';

type NormSeries = Series & { readonly component: string };

/** Powers of ten within the data, at least two of them: between powers a logarithmic axis says little. */
const decades = (series: readonly Series[]): { domain: number[]; ticks: number[] } => {
  const logs = series.flatMap(({ points }) => points.flatMap(({ low, high }) => [Math.log10(low), Math.log10(high)]));
  const from = logs.length === 0 ? -1 : Math.floor(Math.min(...logs));
  const to = logs.length === 0 ? 0 : Math.max(from + 1, Math.ceil(Math.max(...logs)));
  const ticks = Array.from({ length: to - from + 1 }, (_, i) => Number(`1e${from + i}`));
  return { domain: [10 ** from, 10 ** to], ticks };
};

const scientific = (value: number): string => (value < 0.01 ? value.toExponential() : String(value));

/** m and 1 − m, moved up or down to lie on the norms of the head that should follow them (theorem 1). */
const guides = (series: readonly NormSeries[], runs: readonly LoadedRun[]): Plot.Markish[] => {
  const records = runs.flatMap((run) => run.records);
  const mixing = new Map(records.map((r) => [epochNumber(r), r.knobs['mixing'] ?? Number.NaN]));
  const [lowest = 0, highest = 0] = decades(series).domain;
  return series.flatMap(({ component, look, points }) => {
    const head = heads.find((of) => of.component === component);
    if (head === undefined) return [];
    const ideal = points
      .map(({ x, mid }) => ({ x, y: head.follows(mixing.get(x) ?? Number.NaN), mid }))
      .filter(({ y }) => y > 0);
    const height = Math.exp(mean(ideal.map(({ y, mid }) => Math.log(mid / y))));
    const drawn = ideal.map(({ x, y }) => ({ x, y: y * height })).filter(({ y }) => y >= lowest && y <= highest);
    return Plot.lineY(drawn, { x: 'x', y: 'y', stroke: look.color, strokeWidth: 1.5, strokeDasharray: '1 4' });
  });
};

/**
 * Theorem 1, measured: the norm of the gradient that each component receives, over epochs, for its weights and for its
 * architecture. With two branches the heads' should follow m and 1 − m, and the backbone's keep its size.
 */
export const gradients: FigureKind = {
  name: 'gradients',
  of: 'row',
  page: 'always',
  draw: ({ label, name, text: title, runs }) => {
    const records = runs.flatMap((run) => run.records);
    const components = [...new Set(records.flatMap((r) => Object.keys(r.gradNorm['weights'] ?? {})))];
    const isHead = (component: string) => heads.some((head) => head.component === component);
    const seriesOf = (what: string): NormSeries[] =>
      components.map((component, i) => ({
        component,
        text: isHead(component) ? `${component} head` : component,
        look: seriesLook(i),
        // A norm of exactly 0 has no place on a logarithmic axis.
        points: overEpochs(runs, ({ gradNorm }) => gradNorm[what]?.[component] || null),
      }));
    const searched = records.some(({ gradNorm }) => gradNorm['alpha'] !== undefined);
    const drawn = ['weights', ...(searched ? ['alpha'] : [])].map((what) => ({ what, series: seriesOf(what) }));
    if (drawn.every(({ series }) => series.every(({ points }) => points.length === 0)))
      refuse(`${name} must have at least 1 norm that is not 0, got none`);
    const followed = records.some(({ knobs: { mixing = 0 } }) => mixing > 0 && mixing < 1);
    const panels = drawn.map(({ what, series }) => ({
      ...PANEL,
      x: epochAxis(runs, { count: 5 }),
      y: { ...namedY(`gradient norm of ${what}`), type: 'log', ...decades(series), tickFormat: scientific } as const,
      marks: [...phaseMarks(runs), ...(followed ? guides(series, runs) : []), ...seriesMarks(series)],
    }));
    return {
      title: `Gradient norms of ${title}`,
      caption:
        `${label}: mean norm of the gradient of each component in every epoch` +
        (searched ? ", left for the network's weights, right for the architecture parameters" : '') +
        '. Norms of exactly 0 are left out (the axis is logarithmic)' +
        (searched ? ', and those of alpha at rate 0, which are not computed.' : '.') +
        (followed
          ? ' Dotted: m for the instance head and 1 − m for the class head, at the height that is nearest to the ' +
            'measured norms; theorem 1 has them follow these.'
          : '') +
        phaseCaption(runs),
      rows: [
        { legend: drawn[0]?.series ?? [] },
        {
          height: 320,
          panels,
          data: drawn.map(({ what, series }) => ({
            caption: `Gradient norm of ${what}`,
            table: seriesTable(series, 'epoch'),
          })),
        },
      ],
    };
  },
};
