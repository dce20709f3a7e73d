import * as Plot from '@observablehq/plot';
import { type LoadedRun, type Mixed, mean, pooled, testSweep, validSweep } from '../measure/index.js';
import { refuse } from './canvas.js';
import { named, namedY, panelOf } from './chart.js';
import type { FigureKind, Seeds } from './kind.js';
import { COLORS, seriesLook } from './looks.js';

/** The finished runs of a row that were tested at several mixings. Throws when there is none. */
const testedOf = ({ runs, name }: Seeds): LoadedRun[] => {
  const tested = runs.filter((run) => testSweep(run).length > 0);
  if (tested.length > 0) return tested;
  return refuse(
    `${name} must have a finished run that was tested at several mixings, got none; tailnas resume ends it`,
  );
};

const testCurves = (tested: readonly LoadedRun[]) =>
  pooled(tested.map((run) => testSweep(run).map(({ mixing, accuracy }) => ({ x: mixing, y: accuracy }))));

const axes = (label: string) =>
  ({
    height: 330,
    x: { ...named('test-time mixing (0: class head, 1: instance head)'), domain: [0, 1], ticks: 10 },
    y: { ...namedY(label), nice: true, ticks: 6 },
  }) as const;

/** `m = 0.4, 65.53 %`; of several runs, the range of m and the mean accuracy. */
const markText = (marks: readonly Mixed[]): string => {
  const xs = [...new Set(marks.map(({ mixing }) => mixing))].sort((a, b) => a - b);
  const range = xs.length === 1 ? String(xs[0]) : `${xs[0]} to ${xs.at(-1)}`;
  return `m = ${range}, ${marks.length > 1 ? 'mean ' : ''}${mean(marks.map(({ accuracy }) => accuracy)).toFixed(1)} %`;
};

const CHOSEN = { symbol: 'circle', r: 8, stroke: COLORS.black, strokeWidth: 2 } as const;
const BEST = { symbol: 'diamond', r: 5.5, fill: COLORS.orange, stroke: COLORS.black } as const;
const AT = { x: 'mixing', y: 'accuracy' } as const;

/**
 * Figure 4: how accuracy depends on the mixing of the two heads at test time, with the mixing chosen on the validation
 * split, and the best one on the test split. Choosing the latter, as the paper does, is optimistic.
 */
export const mixing: FigureKind = {
  name: 'mixing',
  of: 'row',
  page: 'alone',
  draw: (seeds) => {
    const tested = testedOf(seeds);
    const valid = tested.map((run) => validSweep(run).map((at) => ({ x: at.mixing, y: at.meanPerClass })));
    const series = [
      { text: 'test: accuracy', look: seriesLook(0), points: testCurves(tested) },
      { text: 'validation: mean per class', look: seriesLook(1), points: pooled(valid) },
    ];
    const chosen = tested.flatMap((run) => testSweep(run).filter((at) => at.mixing === run.evaluation?.at['mixing']));
    const best = tested.flatMap((run) => testSweep(run).sort((a, b) => b.accuracy - a.accuracy)[0] ?? []);
    const above = [Plot.dot(best, { ...AT, ...BEST }), Plot.dot(chosen, { ...AT, ...CHOSEN })];
    return {
      title: `Accuracy against test-time mixing, ${seeds.label} (n = ${tested.length})`,
      caption:
        `${seeds.label}: accuracy on the test split, and mean per-class accuracy on the validation split, of the ` +
        'finished supernet at every test-time mixing. Circle: the mixing chosen on validation, of each run; diamond: ' +
        'the best on test, an optimistic choice.',
      rows: [
        { legend: series },
        {
          legend: [
            { text: `chosen on validation: ${markText(chosen)} on test`, mark: CHOSEN },
            { text: `best on test: ${markText(best)}`, mark: BEST },
          ],
        },
        panelOf(series, { ...axes('accuracy (%)'), above }),
      ],
    };
  },
};

/** Figure 6: what scaling the backbone's architecture learning rate brings at every mixing, a line per row. */
export const scaling: FigureKind = {
  name: 'scaling',
  of: 'rows',
  page: 'never',
  draw: (rows) => {
    const series = rows.map((row) => {
      const tested = testedOf(row);
      return { look: row.look, text: `${row.label} (n = ${tested.length})`, points: testCurves(tested) };
    });
    if (series.length < 2) refuse('it compares recipes, so it must have runs of at least 2, got 1');
    return {
      title: 'With and without scaling of the backbone’s architecture learning rate',
      caption:
        'Accuracy on the test split at every test-time mixing: HLS scales the learning rate of the backbone’s ' +
        'architecture by eq 17, DARTS + BBN does not.',
      rows: [{ legend: series }, panelOf(series, axes('test accuracy (%)'))],
    };
  },
};
