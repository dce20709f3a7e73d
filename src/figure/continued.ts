import * as Plot from '@observablehq/plot';
import { continuedFrom, pooled, validAt } from '../measure/index.js';
import { classHead, instanceHead } from '../paper/index.js';
import { refuse } from './canvas.js';
import { named, type Series, seriesMarks, seriesTable, wholeTicks } from './chart.js';
import type { FigureKind } from './kind.js';

const LEVEL = '1 4';
const PANELS = [
  { title: 'class head (mixing 0)', mixing: classHead.mixing },
  { title: 'both (mixing 0.5)', mixing: 0.5 },
  { title: 'instance head (mixing 1)', mixing: instanceHead.mixing },
];

/**
 * Figure 8: what continuing after the search does to each head: mean per-class validation accuracy of the class head,
 * of both and of the instance head over the epochs of the continued phase. All begin where the search ends, at 0.
 */
export const continued: FigureKind = {
  name: 'continued',
  of: 'rows',
  page: 'never',
  draw: (rows) => {
    const runs = rows.flatMap((row) => row.runs);
    const last = Math.max(...runs.map((run) => continuedFrom(run).length - 1));
    if (last < 1) refuse('at least 1 run must have an epoch of continued training, got none; run such a recipe');
    const bare = runs.find((run) => continuedFrom(run).every(({ answers }) => answers === null));
    if (bare) refuse(`records must have answers at several mixings, got none in ${bare.path}; leave it out`);
    // A row that does not continue is drawn as a level to compare with, and last: its one point is where others begin.
    const isLevel = ({ look }: Pick<Series, 'look'>) => look.dash === LEVEL;
    const shown = rows
      .map(({ text, look, runs: seeds }) => {
        const dash = seeds.every((run) => continuedFrom(run).length < 2) ? LEVEL : look.dash;
        return { text, look: { ...look, dash }, courses: seeds.map(continuedFrom) };
      })
      .toSorted((a, b) => Number(isLevel(a)) - Number(isLevel(b)));
    const drawn = PANELS.map(({ mixing }) =>
      shown.map(({ text, look, courses }): Series => {
        const curves = courses.map((records) => records.map((record, x) => ({ x, y: validAt(record, mixing) })));
        return { text, look, points: pooled(curves) };
      }),
    );
    const values = drawn.flat().flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high]));
    const domain = [Math.floor(Math.min(...values) / 5) * 5, Math.ceil(Math.max(...values) / 5) * 5 || 5];
    const ticks = wholeTicks(0, { to: last, count: 5 });
    const panels = drawn.map((series, i) => ({
      marginLeft: 62,
      marginRight: 10,
      marginTop: 26,
      marginBottom: 44,
      x: { ...named('epoch after the search'), domain: [0, last], ticks, tickFormat: 'd' },
      y: { ...named(i === 0 ? 'mean per-class accuracy (%)' : null), labelOffset: 48, domain, grid: true, ticks: 6 },
      marks: [
        Plot.text([PANELS[i]?.title], { frameAnchor: 'top', dy: -20, fontSize: 13, fontWeight: 'bold' }),
        ...series
          .filter(isLevel)
          .map(({ look: { color: stroke }, points }) =>
            Plot.ruleY(points, { y: 'mid', stroke, strokeWidth: 2, strokeDasharray: LEVEL }),
          ),
        ...seriesMarks(series),
      ],
    }));
    return {
      title: 'Continued training after the search',
      caption:
        'Mean per-class accuracy on the validation split over the epochs of the continued phase, at three test-time ' +
        'mixings. 0 is the end of the search, where all begin; the dotted horizontal line is the level reached there ' +
        'by a recipe that does not continue.',
      rows: [
        { legend: shown },
        {
          height: 320,
          panels,
          data: drawn.map((series, i) => ({
            caption: `Mean per-class accuracy (%), ${PANELS[i]?.title}`,
            table: seriesTable(series, 'epoch after the search'),
          })),
        },
      ],
    };
  },
};
