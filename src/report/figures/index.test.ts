import { describe, expect, it } from 'vitest';
import { type FakeRunOptions, fakeRun } from '../../../test/support/fake-runs.js';
import type { Figure } from '../plot.js';
import { svgToPng } from '../png.js';
import type { LoadedRun } from '../runs.js';
import {
  alphaCurves,
  classAccuracy,
  continuedTraining,
  figuresFor,
  gradientNorms,
  mixingSweep,
  paperFigures,
  scalingSweep,
  stem,
  trainingCurves,
} from './index.js';

const seeds = (name: string, options: Partial<FakeRunOptions> = {}) =>
  [0, 1].map((seed) => fakeRun({ name, label: name.toUpperCase(), seed, epochs: 6, bilateral: true, ...options }));
const bbn = seeds('darts-bbn');
const hls = seeds('hls');
const darts = seeds('darts', { bilateral: false });
const continued = ['class', 'half', 'reverse', 'frozen'].flatMap((form) =>
  seeds(`hls-continued-${form}`, { continued: 3 }),
);
const all = [...darts, ...bbn, ...hls, ...continued];

/** What is drawn of a kind of mark: legends' markers are dots as well. */
const count = (svg: string, mark: string) => svg.split(`aria-label="${mark}"`).length - 1;
const expectTexts = (svg: string, texts: readonly string[]) => {
  for (const text of texts) expect(svg).toContain(`>${text}</text>`);
};
const expectSound = ({ svg }: Figure) => {
  expect(svg).not.toMatch(/NaN|Infinity|undefined|<style| id="| class="/);
  expect(svgToPng(svg, { width: 360 }).length).toBeGreaterThan(1000);
};
const changed = (run: LoadedRun, change: Partial<LoadedRun>): LoadedRun => ({ ...run, ...change });
const oneEpoch = (runs: readonly LoadedRun[]) => runs.map((run) => changed(run, { records: run.records.slice(0, 1) }));

describe('the figures', () => {
  it('show training: losses, accuracies and mixing', () => {
    const { svg, title } = trainingCurves(bbn);
    expect(title).toBe('Training and validation of DARTS-BBN (n = 2)');
    expect([count(svg, 'line'), count(svg, 'area')]).toEqual([5, 4]);
    expectTexts(svg, ['epoch', 'cross-entropy loss', 'accuracy (%)', 'mixing ratio', 'validation, mean per class']);
    const plain = trainingCurves(darts).svg;
    expect(count(plain, 'line')).toBe(4);
    expect(plain).not.toContain('mixing ratio');
  });

  it('mark where the continued phase begins', () => {
    const drawn = trainingCurves(seeds('hls-continued-half', { continued: 3 }));
    expect(count(drawn.svg, 'rule')).toBe(3);
    expect(drawn.caption).toContain('dotted vertical line');
    expect(count(trainingCurves(hls).svg, 'rule')).toBe(0);
  });

  it('show the weights of 8 operations on 14 edges of two cells, and their drift', () => {
    const { svg, name } = alphaCurves(hls, { number: 7 });
    expect(name).toBe('figure-7');
    expect(count(svg, 'line')).toBe(2 + 2 * 14 * 8);
    expectTexts(svg, [
      '0 ← c(k−2)',
      '3 ← 2',
      'drift per epoch',
      'skip_connect',
      'Operation weights in the reduction cell',
    ]);
  });

  it('measure drift as the mean distance of operation weights', () => {
    const [run] = hls;
    const [first, second] = run?.records ?? [];
    if (run === undefined || first === undefined || second === undefined) throw new Error('no records');
    // All weight on one operation, then all on another: a distance of 1 on the one edge.
    const alpha = (op: number) => ({
      backbone: { normal: [Array.from({ length: 8 }, (_, o) => (o === op ? 60 : 0))] },
    });
    const records = [0, 1, 1].map((op, epoch) => ({ ...first, epoch, alpha: alpha(op) }));
    const { svg } = alphaCurves([changed(run, { records })], { number: 7 });
    const [, from, to] = /aria-label="line"[^>]*><path d="M[\d.]+,([\d.]+)L[\d.]+,([\d.]+)/.exec(svg) ?? [];
    const heights = [0, 1].map(
      (v) => svg.match(new RegExp(`translate\\([\\d.]+,([\\d.]+)\\)[^>]*>${v}\\.0</text>`))?.[1],
    );
    expect([to, from]).toEqual(heights);
  });

  it('show the sweep over mixings with the chosen and the best marked', () => {
    const { svg } = mixingSweep(bbn.slice(0, 1));
    expect([count(svg, 'line'), count(svg, 'area')]).toEqual([2, 0]);
    expect(svg).toMatch(/>chosen on validation: m = 0\.\d, \d\d\.\d % on test<\/text>/);
    expect(svg).toMatch(/>best on test: m = 0\.\d, \d\d\.\d %<\/text>/);
    expect(mixingSweep(bbn).svg).toContain(', mean ');
  });

  it('set scaling beside none, and continued forms beside HLS', () => {
    const scaling = scalingSweep([...hls, ...bbn]).svg;
    expect(count(scaling, 'line')).toBe(2);
    expectTexts(scaling, ['HLS (n = 2)', 'DARTS-BBN (n = 2)', 'test accuracy (%)']);
    const { svg } = continuedTraining([...hls, ...continued]);
    expect([count(svg, 'rule'), count(svg, 'line')]).toEqual([3, 3 * 5]);
    expectTexts(svg, ['class head (mixing 0)', 'HLS-CONTINUED-FROZEN (n = 2)', 'epoch after the search']);
  });

  it('show gradient norms and accuracy by class', () => {
    const gradients = gradientNorms(hls).svg;
    // Three components and the guides of two heads, in two panels.
    expect(count(gradients, 'line')).toBe(10);
    expectTexts(gradients, ['instance head', 'gradient norm of alpha', '0.1']);
    const classes = classAccuracy([...darts, ...hls]).svg;
    expect(count(classes, 'line')).toBe(2);
    expectTexts(classes, ['training images of the class', '100', '2000', 'DARTS (n = 2)']);
  });

  it('are sound for runs of one epoch and for classes without images', () => {
    const perClassAccuracy = [null, ...(hls[0]?.evaluation?.perClassAccuracy.slice(1) ?? [])];
    const short = oneEpoch(hls).map((run) => ({
      ...run,
      evaluation: run.evaluation && { ...run.evaluation, perClassAccuracy },
      records: run.records.map((r) => ({ ...r, perClassAccuracy: r.perClassAccuracy.map(() => null) })),
    }));
    for (const drawn of [trainingCurves(short), alphaCurves(short, { number: 7 }), classAccuracy(short)])
      expectSound(drawn);
    expectSound(gradientNorms(short));
  });
});

describe('what cannot be drawn', () => {
  const unfinished = hls.map((run) => changed(run, { evaluation: undefined }));

  it.each<[string, () => Figure, string]>([
    ['no run', () => trainingCurves([]), 'Cannot draw figure 2: it needs at least 1 run, got none'],
    ['two recipes', () => trainingCurves([...hls, ...bbn]), 'must be of one recipe, got darts-bbn, hls; draw one'],
    ['no epoch', () => gradientNorms(hls.map((r) => changed(r, { records: [] }))), 'at least 1 epoch, got none'],
    ['no mixing', () => mixingSweep(darts), 'Cannot draw figure 4: darts must have a finished run that was tested at'],
    [
      'one side',
      () => scalingSweep(hls),
      'Cannot draw figure 6: it compares recipes, so it must have runs of at least 2',
    ],
    ['no phase', () => continuedTraining(hls), 'Cannot draw figure 8: at least 1 run must have an epoch of continued'],
    ['no test', () => classAccuracy(unfinished), 'at least 1 run must be finished, got none'],
    ['the same seed', () => trainingCurves([...hls, ...hls]), 'seeds of hls must differ'],
  ])('is refused: %s', (_, draw, message) => {
    expect(draw).toThrow(message);
  });
});

describe('figuresFor', () => {
  it('draws all of the paper, each soundly and under its own name', () => {
    const figures = figuresFor(all);
    const names = figures.map(({ name }) => name);
    for (const kind of Object.keys(paperFigures)) expect(names).toContain(kind.replace('figure', 'figure-'));
    expect(names).toContain('gradients-hls-continued-frozen');
    expect(new Set(names).size).toBe(names.length);
    for (const drawn of figures) expectSound(drawn);
  });

  it('draws all there is of one recipe, once, and nothing that it lacks', () => {
    const names = (runs: readonly LoadedRun[]) => figuresFor(runs).map(({ name }) => name);
    expect(names(darts)).toEqual(['classes', 'training-darts', 'alpha-darts', 'gradients-darts']);
    expect(names(bbn)).toEqual(['figure-2', 'figure-3', 'figure-4', 'figure-5', 'classes', 'gradients-darts-bbn']);
    expect(names([])).toEqual([]);
  });

  it('names files so that they can be files', () => {
    const turned = darts.map((r) =>
      changed(r, { info: { ...r.info, recipe: { ...r.info.recipe, switches: { a: '1/2' } } } }),
    );
    expect(stem('alpha', turned)).toBe('alpha-darts-a-1-2');
  });
});
