import * as Plot from '@observablehq/plot';
import { parabolicDecay, type Schedule, softFreeze } from '../schedule/index.js';
import { named, namedY } from './axes.js';
import { type Figure, FigureError, figure } from './canvas.js';
import type { FigureKind } from './kind.js';
import { legendOf, panelOf } from './lines.js';
import { seriesLook } from './looks.js';

const SAMPLES = 201;

/** Draws schedules over all of training, t from 0 to 1, to compare their shapes. Throws where one is no finite number. */
export const schedulePlot = (
  schedules: readonly Schedule[],
  {
    name = 'schedule',
    title = schedules.length === 1 ? 'Schedule over training' : 'Schedules over training',
  }: { name?: string; title?: string } = {},
): Figure => {
  if (schedules.length === 0) throw new FigureError('Cannot draw schedules: there must be at least 1, got none');
  const series = schedules.map((schedule, i) => ({
    look: seriesLook(i),
    text: schedule.label,
    points: Array.from({ length: SAMPLES }, (_, k) => {
      const x = k / (SAMPLES - 1);
      const mid = schedule(x);
      if (!Number.isFinite(mid))
        throw new RangeError(
          `Cannot draw schedule ${schedule.label}: its values must be finite, got ${mid} at t = ${x}; ` +
            'correct its formula',
        );
      return { x, mid, low: mid, high: mid };
    }),
  }));
  return figure(
    {
      name,
      title,
      caption: `${schedules.map((s) => s.label).join('; ')} against training progress t (epoch / epochs).`,
    },
    {
      rows: [
        { legend: legendOf(series) },
        panelOf(series, {
          height: 340,
          x: { ...named('training progress t'), domain: [0, 1], ticks: 10 },
          y: { ...namedY('value'), grid: true, nice: true, zero: true },
          below: [Plot.ruleY([0])],
        }),
      ],
    },
  );
};

/** Figure 5: the factor on the backbone's architecture learning rate (eq 17) beside the mixing ratio that it follows. */
export const freeze: FigureKind = {
  name: 'freeze',
  of: 'all',
  page: 'never',
  draw: (_, name) =>
    schedulePlot([softFreeze(parabolicDecay()), parabolicDecay()], {
      name,
      title: 'Scaling factor of the backbone’s architecture learning rate',
    }),
};
