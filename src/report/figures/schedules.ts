import * as Plot from '@observablehq/plot';
import { parabolicDecay, type Schedule, softFreeze } from '../../schedule/index.js';
import { type Figure, FigureError, figure } from '../plot.js';
import { named, namedY, PANEL } from './axes.js';
import { seriesLook } from './looks.js';
import { legendOf, seriesMarks } from './series.js';

const SAMPLES = 201;

/** Draws schedules over all of training, t from 0 to 1, to see and compare their shapes. Throws where one is no finite number. */
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
          `Cannot draw schedule ${schedule.label}: its values must be finite, got ${mid} at t = ${x}; correct its formula`,
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
        {
          height: 340,
          panels: [
            {
              ...PANEL,
              x: { ...named('training progress t'), domain: [0, 1], ticks: 10 },
              y: { ...namedY('value'), grid: true, nice: true, zero: true },
              marks: [Plot.ruleY([0]), ...seriesMarks(series)],
            },
          ],
        },
      ],
    },
  );
};

/** Figure 5: the factor on the backbone's architecture learning rate (eq 17) beside the mixing ratio that it follows, and reaches 0 ahead of. */
export const freezeFigure = (): Figure =>
  schedulePlot([softFreeze(parabolicDecay()), parabolicDecay()], {
    name: 'figure-5',
    title: 'Scaling factor of the backbone’s architecture learning rate',
  });
