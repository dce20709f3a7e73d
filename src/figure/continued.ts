import * as Plot from '@observablehq/plot';
import { continuedFrom, pooled, validAt } from '../measure/index.js';
import { classHead, instanceHead } from '../paper/index.js';
import { named, spreadCaption, wholeTicks } from './axes.js';
import { figure } from './canvas.js';
import type { FigureKind } from './kind.js';
import { legendOf, type Series, seriesMarks } from './lines.js';
import { refuse, seedsOf } from './rows.js';

const LEVEL = '1 4';
const PANELS = [
  { title: `${classHead.component} head (mixing ${classHead.mixing})`, mixing: classHead.mixing },
  { title: 'both (mixing 0.5)', mixing: 0.5 },
  { title: `${instanceHead.component} head (mixing ${instanceHead.mixing})`, mixing: instanceHead.mixing },
];

/**
 * Figure 8: what continuing after the search does to each head: mean per-class validation accuracy of the class head, of
 * both and of the instance head over the epochs of the continued phase. One head's gain and the other's forgetting are
 * seen. All begin where the search ends, at 0.
 */
export const continued: FigureKind = {
  name: 'continued',
  of: 'all',
  page: 'never',
  draw: (runs, name) => {
    const seeds = seedsOf(runs, name);
    const last = Math.max(...runs.map((run) => continuedFrom(run).length - 1));
    if (last < 1)
      refuse(
        name,
        'at least 1 run must have an epoch of continued training, got none; run a recipe that continues its search',
      );
    const bare = runs.find((run) => continuedFrom(run).every(({ answers }) => answers === null));
    if (bare !== undefined)
      refuse(name, `records must have answers at several mixings, got none in ${bare.path}; leave it out`);
    // A row that does not continue is drawn as a level to compare with, and last: its one point is where others begin.
    const shown = seeds
      .map((s) =>
        s.runs.every((run) => continuedFrom(run).length < 2) ? { ...s, look: { ...s.look, dash: LEVEL } } : s,
      )
      .toSorted((a, b) => Number(a.look.dash === LEVEL) - Number(b.look.dash === LEVEL));
    const drawn = PANELS.map(({ title, mixing }) => ({
      title,
      series: shown.map(({ look, runs: members }) => ({
        look,
        points: pooled(
          members.map((run) => continuedFrom(run).map((record, x) => ({ x, y: validAt(record, mixing) }))),
        ),
      })),
    }));
    const values = drawn.flatMap(({ series }) =>
      series.flatMap((s) => s.points.flatMap(({ low, high }) => [low, high])),
    );
    const domain = [Math.floor(Math.min(...values) / 5) * 5, Math.ceil(Math.max(...values) / 5) * 5 || 5];
    const panel = (title: string, series: readonly Series[], first: boolean): Plot.PlotOptions => ({
      marginLeft: 62,
      marginRight: 10,
      marginTop: 26,
      marginBottom: 44,
      x: {
        ...named('epoch after the search'),
        domain: [0, last],
        ticks: wholeTicks(0, { to: last, count: 5 }),
        tickFormat: 'd',
      },
      y: { ...named(first ? 'mean per-class accuracy (%)' : null), labelOffset: 48, domain, grid: true, ticks: 6 },
      marks: [
        Plot.text([title], { frameAnchor: 'top', dy: -20, fontSize: 13, fontWeight: 'bold' }),
        ...series
          .filter(({ look }) => look.dash === LEVEL)
          .map(({ look: { color }, points }) =>
            Plot.ruleY(points, { y: 'mid', stroke: color, strokeWidth: 2, strokeDasharray: LEVEL }),
          ),
        ...seriesMarks(series),
      ],
    });
    return figure(
      {
        name,
        title: 'Continued training after the search',
        caption:
          'Mean per-class accuracy on the validation split over the epochs of the continued phase, at three test-time ' +
          'mixings. 0 is the end of the search, where all begin; the dotted horizontal line is the level reached ' +
          `there by a recipe that does not continue.${spreadCaption(runs)}`,
      },
      {
        rows: [
          { legend: legendOf(shown) },
          { height: 320, panels: drawn.map(({ title, series }, i) => panel(title, series, i === 0)) },
        ],
      },
    );
  },
};
