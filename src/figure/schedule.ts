import * as Plot from '@observablehq/plot';
import { parabolicDecay, type Schedule, softFreeze } from '../schedule/index.js';
import { type Drawing, type Figure, FigureError, figure } from './canvas.js';
import { named, namedY, panelOf } from './chart.js';
import type { FigureKind } from './kind.js';
import { seriesLook } from './looks.js';

const SAMPLES = 201;

/** Schedules over all of training, t from 0 to 1, to compare their shapes. Throws where one is no finite number. */
const schedulesOf = (schedules: readonly Schedule[], title: string): Drawing => {
  if (schedules.length === 0) throw new FigureError('Cannot draw schedules: there must be at least 1, got none');
  const series = schedules.map((schedule, i) => ({
    look: seriesLook(i),
    text: schedule.label,
    points: Array.from({ length: SAMPLES }, (_, k) => {
      const x = k / (SAMPLES - 1);
      const mid = schedule(x);
      if (Number.isFinite(mid)) return { x, mid, low: mid, high: mid };
      const problem = `its values must be finite, got ${mid} at t = ${x}; correct its formula`;
      throw new RangeError(`Cannot draw schedule ${schedule.label}: ${problem}`);
    }),
  }));
  const x = { ...named('training progress t'), domain: [0, 1], ticks: 10 };
  const y = { ...namedY('value'), nice: true, zero: true };
  return {
    title,
    caption: `${schedules.map((s) => s.label).join('; ')} against training progress t (epoch / epochs).`,
    rows: [{ legend: series }, panelOf(series, { height: 340, x, y, below: [Plot.ruleY([0])] })],
  };
};

/** Draws schedules over all of training. Throws where one is no finite number, or there is none. */
export const schedulePlot = (schedules: readonly Schedule[]): Figure =>
  figure('schedule', schedulesOf(schedules, `Schedule${schedules.length === 1 ? '' : 's'} over training`));

/** Figure 5: the factor on the backbone's architecture learning rate (eq 17), with the mixing that it follows. */
export const freeze: FigureKind = {
  name: 'freeze',
  of: 'formulas',
  page: 'never',
  draw: () =>
    schedulesOf(
      [softFreeze(parabolicDecay()), parabolicDecay()],
      'Scaling factor of the backbone’s architecture learning rate',
    ),
};
