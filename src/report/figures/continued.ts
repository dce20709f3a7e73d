import * as Plot from '@observablehq/plot';
import type { EpochRecord } from '../../run/index.js';
import { type Figure, FigureError, figure } from '../plot.js';
import type { LoadedRun } from '../runs.js';
import { named, spreadCaption, wholeTicks } from './axes.js';
import { seedsOf } from './runs.js';
import { legendOf, pooled, type Series, seriesMarks } from './series.js';

const LEVEL = '1 4';
const HEADS = [
  { title: 'class head (mixing 0)', mixing: 0 },
  { title: 'both (mixing 0.5)', mixing: 0.5 },
  { title: 'instance head (mixing 1)', mixing: 1 },
];

const validAt = (record: EpochRecord | undefined, mixing: number): number | undefined => {
  const at = record?.sweep?.find((point) => Math.abs(point.mixing - mixing) < 1e-9);
  return at && 100 * at.meanPerClassAccuracy;
};

/** The records from the end of the search on: the first is the search's last epoch, at x = 0. */
const afterSearch = ({ records }: LoadedRun): EpochRecord[] => {
  const start = records.findLastIndex(({ phase }) => phase === 'search');
  return start < 0 ? [] : records.slice(start);
};

/**
 * Figure 8: what going on after the search does to each head: mean per-class validation accuracy of the class head, of both and of the instance head over
 * the epochs of the continued phase, so that one head's gain and the other's forgetting are seen. All begin where HLS's search ends, at 0.
 */
export const continuedTraining = (runs: readonly LoadedRun[]): Figure => {
  const what = 'figure 8';
  const seeds = seedsOf(runs, { what });
  const last = Math.max(...runs.map((run) => afterSearch(run).length - 1));
  if (last < 1)
    throw new FigureError(
      `Cannot draw ${what}: at least 1 run must have an epoch of continued training, got none; run an hls-continued recipe`,
    );
  const bare = runs.find((run) => afterSearch(run).every((r) => r.sweep === null));
  if (bare !== undefined)
    throw new FigureError(
      `Cannot draw ${what}: records must have a sweep over mixings, got none in ${bare.path}; leave it out`,
    );
  // A recipe that does not go on is drawn as a level to compare with, and last: its one point is where others begin.
  const shown = seeds
    .map((s) => (s.runs.every((run) => afterSearch(run).length < 2) ? { ...s, look: { ...s.look, dash: LEVEL } } : s))
    .toSorted((a, b) => Number(a.look.dash === LEVEL) - Number(b.look.dash === LEVEL));
  const drawn = HEADS.map(({ title, mixing }) => ({
    title,
    series: shown.map(({ look, runs: members }) => ({
      look,
      points: pooled(members.map((run) => afterSearch(run).map((record, x) => ({ x, y: validAt(record, mixing) })))),
    })),
  }));
  const values = drawn.flatMap(({ series }) => series.flatMap((s) => s.points.flatMap(({ low, high }) => [low, high])));
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
      ...series.flatMap(({ look, points }) =>
        look.dash === LEVEL
          ? [Plot.ruleY(points, { y: 'mid', stroke: look.color, strokeWidth: 2, strokeDasharray: LEVEL })]
          : [],
      ),
      ...seriesMarks(series),
    ],
  });
  return figure(
    {
      name: 'figure-8',
      title: 'Continued training after the search',
      caption:
        'Mean per-class accuracy on the validation split over the epochs of the continued phase, at three test-time mixings. 0 is the end of the search, ' +
        `where all begin; the dotted horizontal line is the level reached there by a recipe that does not go on.${spreadCaption(runs)}`,
    },
    {
      rows: [
        { legend: legendOf(shown) },
        { height: 320, panels: drawn.map(({ title, series }, i) => panel(title, series, i === 0)) },
      ],
    },
  );
};
