import * as Plot from '@observablehq/plot';
import type { Evaluation, Sweep } from '../../run/index.js';
import { type Figure, FigureError, figure, type LegendEntry, OKABE_ITO } from '../plot.js';
import type { LoadedRun } from '../runs.js';
import { mean } from '../statistics.js';
import { named, namedY, PANEL, spreadCaption } from './axes.js';
import { seriesLook } from './looks.js';
import { oneRecipe, seedsOf } from './runs.js';
import { legendOf, pooled, seriesMarks } from './series.js';

interface Tested {
  readonly chosen: number;
  readonly sweep: NonNullable<Evaluation['sweep']>;
}

const testedOf = (runs: readonly LoadedRun[]): Tested[] =>
  runs.flatMap(({ evaluation }) =>
    evaluation === undefined || evaluation.sweep === null || evaluation.mixing === null
      ? []
      : [{ chosen: evaluation.mixing, sweep: evaluation.sweep }],
  );

const requireTested = (runs: readonly LoadedRun[], { what, name }: { what: string; name: string }): Tested[] => {
  const tested = testedOf(runs);
  if (tested.length > 0) return tested;
  throw new FigureError(
    `Cannot draw ${what}: ${name} must have a finished run that was tested at several mixings, got none; finish it with tailnas resume`,
  );
};

const testCurves = (tested: readonly Tested[]) =>
  pooled(tested.map(({ sweep }) => sweep.test.map((at) => ({ x: at.mixing, y: 100 * at.accuracy }))));

const MIXING_AXIS: Plot.ScaleOptions = {
  ...named('test-time mixing (0: class head alone, 1: instance head alone)'),
  domain: [0, 1],
  ticks: 10,
};
const ACCURACY_AXIS = { grid: true, nice: true, ticks: 6 } as const;

interface Mark {
  readonly x: number;
  readonly y: number;
}

/** `m = 0.4, 65.53 %`; of several runs, the range of m and the mean accuracy. */
const markText = (marks: readonly Mark[]): string => {
  const xs = [...new Set(marks.map(({ x }) => x))].sort((a, b) => a - b);
  const range = xs.length === 1 ? String(xs[0]) : `${xs[0]} to ${xs.at(-1)}`;
  return `m = ${range}, ${marks.length > 1 ? 'mean ' : ''}${mean(marks.map(({ y }) => y)).toFixed(1)} %`;
};

const bestOnTest = (sweep: Sweep): Mark[] => {
  const best = [...sweep].sort((a, b) => b.accuracy - a.accuracy)[0];
  return best === undefined ? [] : [{ x: best.mixing, y: 100 * best.accuracy }];
};

/**
 * Figure 4: how one recipe's accuracy hangs on the mixing of its two heads at test time, with the mixing that the validation split chooses, and the one
 * that is best on the test split: choosing that one, as the paper does, is optimistic.
 */
export const mixingSweep = (
  runs: readonly LoadedRun[],
  { name = 'figure-4', what = 'figure 4' }: { name?: string; what?: string } = {},
): Figure => {
  const seeds = oneRecipe(runs, { what });
  const tested = requireTested(runs, { what, name: seeds.name });
  const series = [
    { text: 'test: accuracy', look: seriesLook(0), points: testCurves(tested) },
    {
      text: 'validation: mean per class',
      look: seriesLook(1),
      points: pooled(
        tested.map(({ sweep }) => sweep.valid.map((at) => ({ x: at.mixing, y: 100 * at.meanPerClassAccuracy }))),
      ),
    },
  ];
  const chosen = tested.flatMap((run) =>
    run.sweep.test.filter((at) => at.mixing === run.chosen).map((at) => ({ x: at.mixing, y: 100 * at.accuracy })),
  );
  const best = tested.flatMap((run) => bestOnTest(run.sweep.test));
  const CHOSEN = { symbol: 'circle', r: 8, stroke: OKABE_ITO.black, strokeWidth: 2 } as const;
  const BEST = { symbol: 'diamond', r: 5.5, fill: OKABE_ITO.orange, stroke: OKABE_ITO.black } as const;
  const marks: LegendEntry[] = [
    { text: `chosen on validation: ${markText(chosen)} on test`, mark: CHOSEN },
    { text: `best on test: ${markText(best)}`, mark: BEST },
  ];
  return figure(
    {
      name,
      title: `Accuracy against test-time mixing, ${seeds.label} (n = ${tested.length})`,
      caption:
        `${seeds.label}: accuracy on the test split, and mean per-class accuracy on the validation split, of the finished supernet at every test-time ` +
        `mixing. Circle: the mixing chosen on validation, of each run; diamond: the best on test, an optimistic choice.${spreadCaption(tested)}`,
    },
    {
      rows: [
        { legend: legendOf(series) },
        { legend: marks },
        {
          height: 330,
          panels: [
            {
              ...PANEL,
              x: MIXING_AXIS,
              y: { ...namedY('accuracy (%)'), ...ACCURACY_AXIS },
              marks: [
                ...seriesMarks(series),
                Plot.dot(best, { x: 'x', y: 'y', ...BEST }),
                Plot.dot(chosen, { x: 'x', y: 'y', ...CHOSEN }),
              ],
            },
          ],
        },
      ],
    },
  );
};

/** Figure 6: what scaling the backbone's architecture learning rate brings: test accuracy at every mixing, one line a recipe. */
export const scalingSweep = (runs: readonly LoadedRun[]): Figure => {
  const what = 'figure 6';
  const series = seedsOf(runs, { what }).map(({ label, name, look, runs: members }) => {
    const tested = requireTested(members, { what, name });
    return { look, text: `${label} (n = ${tested.length})`, points: testCurves(tested) };
  });
  if (series.length < 2)
    throw new FigureError(`Cannot draw ${what}: it compares recipes, so it must have runs of at least 2, got 1`);
  return figure(
    {
      name: 'figure-6',
      title: 'With and without scaling of the backbone’s architecture learning rate',
      caption:
        'Accuracy on the test split at every test-time mixing: HLS scales the learning rate of the backbone’s architecture by eq 17, DARTS + BBN does ' +
        `not.${spreadCaption(runs)}`,
    },
    {
      rows: [
        { legend: legendOf(series) },
        {
          height: 330,
          panels: [
            {
              ...PANEL,
              x: MIXING_AXIS,
              y: { ...namedY('test accuracy (%)'), ...ACCURACY_AXIS },
              marks: seriesMarks(series),
            },
          ],
        },
      ],
    },
  );
};
