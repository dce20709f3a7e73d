import { describe, expect, it } from 'vitest';
import { type FakeRunOptions, fakeRun, fakeTraining } from '../../test/support/fake-runs.js';
import { given } from '../../test/support/fixtures.js';
import type { LoadedRun } from '../measure/index.js';
import { paperFigures } from '../paper/index.js';
import { alpha } from './alpha.js';
import type { Figure } from './canvas.js';
import { classes } from './classes.js';
import { continued } from './continued.js';
import { cost } from './cost.js';
import { eigenvalue } from './eigenvalue.js';
import { drawFigure as draw, figures, figuresFor } from './figures.js';
import { gradients } from './gradients.js';
import { mixing, scaling } from './mixing.js';
import { svgToPng } from './png.js';
import { training } from './training.js';

const seeds = (name: string, options: Partial<FakeRunOptions> = {}) =>
  [0, 1].map((seed) => fakeRun({ name, label: name.toUpperCase(), seed, epochs: 6, bilateral: true, ...options }));
const bbn = seeds('darts-bbn');
const hls = seeds('hls');
const darts = seeds('darts', { bilateral: false });
const continuing = ['class', 'half', 'reverse', 'frozen'].flatMap((form) =>
  seeds(`hls-continued-${form}`, { continued: 3 }),
);
const all = [...darts, ...bbn, ...hls, ...continuing];

/** What is drawn of a kind of mark: legends' markers are dots as well. */
const count = (svg: string, mark: string) => svg.split(`aria-label="${mark}"`).length - 1;
const expectTexts = (svg: string, texts: readonly string[]) => {
  for (const text of texts) expect(svg).toContain(`>${text}</text>`);
};
const expectSound = ({ svg }: Figure) => {
  expect(svg).not.toMatch(/NaN|Infinity|undefined|<style| id="| class="/);
  expect(svgToPng(svg).length).toBeGreaterThan(1000);
};
const changed = (run: LoadedRun, change: Partial<LoadedRun>): LoadedRun => ({ ...run, ...change });
const oneEpoch = (runs: readonly LoadedRun[]) => runs.map((run) => changed(run, { records: run.records.slice(0, 1) }));

describe('the figures', () => {
  it('show training: losses, accuracies and mixing', () => {
    const { svg, title } = draw(training, bbn);
    expect(title).toBe('Training and validation of DARTS-BBN (n = 2)');
    expect([count(svg, 'line'), count(svg, 'area')]).toEqual([5, 4]);
    expectTexts(svg, ['epoch', 'cross-entropy loss', 'accuracy (%)', 'mixing ratio', 'validation, mean per class']);
    const plain = draw(training, darts).svg;
    expect(count(plain, 'line')).toBe(4);
    expect(plain).not.toContain('mixing ratio');
  });

  it('show eigenvalues of the runs that measured them, with the skip connections of their cells', () => {
    const measured = darts.map((run) =>
      changed(run, { records: run.records.map((record, i) => ({ ...record, eigenvalue: 0.1 + 0.05 * i })) }),
    );
    const { svg, data } = draw(eigenvalue, [...bbn, ...measured]);
    expect(count(svg, 'line')).toBe(2);
    expect(JSON.stringify(data[0])).toMatch(/dominant eigenvalue.*"0\.1".*"0\.35"/s);
    expectTexts(svg, ['dominant eigenvalue', 'skip connections (%)', 'epoch']);
    expect(() => draw(eigenvalue, bbn)).toThrow(/a run must have measured eigenvalues, none has; search with --eig/);
  });

  it('show operation weights as recorded, of any number of operations and by their names', () => {
    const primitives = [
      'none',
      'skip_connect',
      'conv_1x1',
      'sep_conv_7x7',
      'mix_conv',
      'shuffle',
      'sep_conv_3x3',
      'a',
      'b',
      'c',
    ];
    const rows = Array.from({ length: 2 }, () => primitives.map((_, op) => (op === 3 ? 0.55 : 0.05)));
    const searched = hls.map((run) =>
      changed(run, {
        info: { ...run.info, experiment: { ...run.info.experiment, space: { name: 'mine', primitives } } },
        records: run.records.map((record) => ({ ...record, opWeights: { backbone: { normal: rows } } })),
      }),
    );
    const { svg } = draw(alpha, searched);
    expect(count(svg, 'line')).toBe(1 + 2 * 10);
    expectTexts(svg, [...primitives, '0.6']);
    const legend = [...svg.matchAll(/h34" fill="none" stroke-width="2" ([^/]*)\/>/g)].map(([, look]) => look);
    expect(new Set(legend.slice(1)).size).toBe(10);
  });

  it('mark where the continued phase begins', () => {
    const drawn = draw(training, seeds('hls-continued-half', { continued: 3 }));
    expect(count(drawn.svg, 'rule')).toBe(3);
    expect(drawn.caption).toContain('dotted vertical line');
    expect(count(draw(training, hls).svg, 'rule')).toBe(0);
  });

  it('show the weights of 8 operations on 14 edges of two cells, and their drift', () => {
    const { svg, name } = draw(alpha, hls);
    expect(name).toBe('alpha-hls');
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
    const allOn = (op: number) => ({
      backbone: { normal: [Array.from({ length: 8 }, (_, o) => (o === op ? 60 : 0))] },
    });
    const records = [0, 1, 1].map((op, epoch) => ({ ...first, epoch, alpha: allOn(op) }));
    const { svg } = draw(alpha, [changed(run, { records })]);
    const [, from, to] = /aria-label="line"[^>]*><path d="M[\d.]+,([\d.]+)L[\d.]+,([\d.]+)/.exec(svg) ?? [];
    const heights = [0, 1].map(
      (v) => svg.match(new RegExp(`translate\\([\\d.]+,([\\d.]+)\\)[^>]*>${v}\\.0</text>`))?.[1],
    );
    expect([to, from]).toEqual(heights);
  });

  it('show the sweep over mixings with the chosen and the best marked', () => {
    const { svg } = draw(mixing, bbn.slice(0, 1));
    expect([count(svg, 'line'), count(svg, 'area')]).toEqual([2, 0]);
    expect(svg).toMatch(/>chosen on validation: m = 0\.\d, \d\d\.\d % on test<\/text>/);
    expect(svg).toMatch(/>best on test: m = 0\.\d, \d\d\.\d %<\/text>/);
    expect(draw(mixing, bbn).svg).toContain(', mean ');
  });

  it('set scaling beside none, and continued forms beside HLS', () => {
    const scaled = draw(scaling, [...hls, ...bbn]).svg;
    expect(count(scaled, 'line')).toBe(2);
    expectTexts(scaled, ['HLS (n = 2)', 'DARTS-BBN (n = 2)', 'test accuracy (%)']);
    const { svg } = draw(continued, [...hls, ...continuing]);
    expect([count(svg, 'rule'), count(svg, 'line')]).toEqual([3, 3 * 5]);
    expectTexts(svg, ['class head (mixing 0)', 'HLS-CONTINUED-FROZEN (n = 2)', 'epoch after the search']);
  });

  it('show gradient norms and accuracy by class', () => {
    const norms = draw(gradients, hls).svg;
    // Three components and the guides of two heads, in two panels.
    expect(count(norms, 'line')).toBe(10);
    expectTexts(norms, ['instance head', 'gradient norm of alpha', '0.1']);
    const byClass = draw(classes, [...darts, ...hls]).svg;
    expect(count(byClass, 'line')).toBe(2);
    expectTexts(byClass, ['training images of the class', '100', '2000', 'DARTS (n = 2)']);
  });

  it('are sound for runs of one epoch and for classes without images', () => {
    const perClassAccuracy = [null, ...(hls[0]?.evaluation?.perClassAccuracy.slice(1) ?? [])];
    const short = oneEpoch(hls).map((run) => ({
      ...run,
      evaluation: run.evaluation && { ...run.evaluation, perClassAccuracy },
      records: run.records.map((r) => ({
        ...r,
        perClassAccuracy: given(r.perClassAccuracy ?? undefined).map(() => null),
      })),
    }));
    for (const drawn of [draw(training, short), draw(alpha, short), draw(classes, short)]) expectSound(drawn);
    expectSound(draw(gradients, short));
  });
});

describe('figures of trainings', () => {
  const trained = [0, 1].map((seed) => fakeTraining({ name: 'train-hls', label: 'HLS, derived', seed, epochs: 6 }));
  const unvalidated = [
    fakeTraining({ name: 'train-resnet32', label: 'ResNet-32', seed: 0, epochs: 6, validated: false, cells: false }),
  ];

  it('are their curves, gradients of weights alone, and accuracy by class', () => {
    expect(figuresFor(trained).map(({ name }) => name)).toEqual([
      'classes',
      'training-train-hls',
      'gradients-train-hls',
    ]);
    const { svg, caption } = draw(gradients, trained);
    expect(count(svg, 'line')).toBe(1);
    expect(caption).not.toContain('architecture');
    expect(draw(training, trained).title).toBe('Training and validation of HLS, derived (train) (n = 2)');
    for (const drawn of figuresFor(trained)) expectSound(drawn);
  });

  it('show what networks of different kinds reach for their cost, one point per run', () => {
    const sized = (run: LoadedRun, weights: number): LoadedRun => ({
      ...run,
      info: { ...run.info, size: { weights, multiplyAdds: 17e6 + weights } },
    });
    const runs = [...trained.map((run, i) => sized(run, 90_000 + i)), ...unvalidated.map((run) => sized(run, 117_000))];
    const drawn = draw(cost, runs);
    expectSound(drawn);
    expectTexts(drawn.svg, ['multiply-adds (million)', 'weights (thousand)', 'ResNet-32 (train) (n = 1)']);
    expect(drawn.caption).not.toContain('mean of the n runs');
    const [table] = drawn.data;
    expect(table?.table.rows).toHaveLength(3);
    expect(() =>
      draw(
        cost,
        trained.map((run) => sized(run, 1)),
      ),
    ).toThrow('Cannot draw cost: two networks of known size');
    expect(() => draw(cost, [...trained, ...unvalidated])).toThrow('two networks of known size must be tested');
  });

  it('show training alone where no image validates', () => {
    const { svg, title } = draw(training, unvalidated);
    expect(title).toBe('Training of ResNet-32 (train) (n = 1)');
    expect(count(svg, 'line')).toBe(2);
    expect(svg).not.toContain('validation');
    for (const drawn of figuresFor(unvalidated)) expectSound(drawn);
  });

  it('stand beside those of searches', () => {
    const names = figuresFor([...darts, ...trained, ...unvalidated]).map(({ name }) => name);
    expect(names).toEqual(['classes', 'gradients-darts', 'gradients-train-hls', 'gradients-train-resnet32']);
    expect(() => draw(alpha, trained)).toThrow('Cannot draw alpha: train-hls must have alpha of the backbone');
  });
});

describe('what cannot be drawn', () => {
  const unfinished = hls.map((run) => changed(run, { evaluation: undefined }));

  it.each<[string, () => Figure, string]>([
    ['no run', () => draw(training, []), 'Cannot draw training: it needs at least 1 run, got none'],
    ['two recipes', () => draw(training, [...hls, ...bbn]), 'must be of one recipe, got darts-bbn, hls; draw one'],
    [
      'no epoch',
      () =>
        draw(
          gradients,
          hls.map((r) => changed(r, { records: [] })),
        ),
      'at least 1 epoch, got none',
    ],
    ['no mixing', () => draw(mixing, darts), 'Cannot draw mixing: darts must have a finished run that was tested at'],
    [
      'one side',
      () => draw(scaling, hls),
      'Cannot draw scaling: it compares recipes, so it must have runs of at least 2',
    ],
    ['no phase', () => draw(continued, hls), 'Cannot draw continued: at least 1 run must have an epoch of continued'],
    ['no test', () => draw(classes, unfinished), 'at least 1 run must be finished, got none'],
    ['the same seed', () => draw(training, [...hls, ...hls]), 'seeds of hls must differ'],
  ])('is refused: %s', (_, draw, message) => {
    expect(draw).toThrow(message);
  });
});

describe('figuresFor', () => {
  it('draws all of the paper, each soundly and under its own name', () => {
    const figures = figuresFor(all);
    const names = figures.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(paperFigures)));
    expect(names).toContain('gradients-hls-continued-frozen');
    expect(new Set(names).size).toBe(names.length);
    for (const drawn of figures) expectSound(drawn);
  });

  it('draws all there is of one recipe, once, and nothing that it lacks', () => {
    const names = (runs: readonly LoadedRun[]) => figuresFor(runs).map(({ name }) => name);
    expect(names(darts)).toEqual(['classes', 'training-darts', 'alpha-darts', 'gradients-darts']);
    expect(names(bbn)).toEqual(['figure2', 'figure3', 'figure4', 'figure5', 'classes', 'gradients-darts-bbn']);
    expect(names([])).toEqual([]);
  });

  it('names files so that they can be files', () => {
    const varied = darts.map((r) => changed(r, { info: { ...r.info, changes: { a: '1/2' } } }));
    expect(draw(alpha, varied).name).toBe('alpha-darts-a-1-2');
  });

  it('draws a kind that a module added, and takes no name twice', () => {
    figures.add({
      name: 'mine',
      of: 'row',
      page: 'always',
      draw: ({ label }) => ({ title: label, caption: '', rows: [] }),
    });
    expect(figures.names()).toContain('mine');
    expect(figuresFor(darts).map(({ name }) => name)).toContain('mine-darts');
    expect(() => figures.add(alpha)).toThrow('Cannot add figure "alpha": the name is taken');
  });
});
