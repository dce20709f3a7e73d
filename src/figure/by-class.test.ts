import { describe, expect, it } from 'vitest';
import { fakeTraining } from '../../test/support/fake-runs.js';
import { OWN_CLASSES, onOwnData } from '../../test/support/own-data.js';
import { byClassFigure } from './by-class.js';

const run = onOwnData(fakeTraining({ name: 'train-a', label: 'A', seed: 0, epochs: 4 }));
const count = (svg: string, mark: string) => svg.split(`aria-label="${mark}"`).length - 1;

describe('byClassFigure', () => {
  it('names the classes, the largest first, in three groups, and has their numbers', () => {
    const { svg, data } = byClassFigure(run);
    const names = ['>robin<', '>great spotted wo', '>wren<', '>&lt;b&gt;tit &amp; co&lt;/b&gt;<', '>crow<', '>kite<'];
    const places = names.map((name) => svg.indexOf(name));
    expect(places.every((place) => place > 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(svg).toContain('Head: 4,000 to 1,437 training images');
    expect(data.map(({ table }) => table.rows.length)).toEqual([3, 4, 3]);
    expect(data[0]?.table.rows[1]?.[0]).toBe(OWN_CLASSES[1]);
    expect(svg).not.toMatch(/ style="|NaN| id="/);
  });

  it('draws a dot and its whisker where the numbers are', () => {
    const confusion = OWN_CLASSES.map((_, r) =>
      OWN_CLASSES.map((_, c) => (r === c ? 50 : c === (r + 1) % 10 ? 50 : 0)),
    );
    if (run.evaluation === undefined) throw new Error('fakeTraining has a test');
    const { svg, data } = byClassFigure({ ...run, evaluation: { ...run.evaluation, confusion } });
    expect(data[0]?.table.rows[0]?.slice(1)).toEqual(['50.0', '40.4 to 59.6']);
    const xs = [...svg.matchAll(/<circle [^>]*?cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect(xs).toHaveLength(10);
    const line = /<line [^>]*>/.exec(svg.slice(svg.indexOf('aria-label="rule"')))?.[0] ?? '';
    const [from, to] = ['x1', 'x2'].map((end) => new RegExp(`${end}="([\\d.]+)"`).exec(line)?.[1]);
    expect(Number(from)).toBeLessThan(xs[0] ?? 0);
    expect(Number(to) - (xs[0] ?? 0)).toBeCloseTo((xs[0] ?? 0) - Number(from), 0);
  });

  it('leaves a class without test images without a dot, and the middle of very many classes out', () => {
    if (run.evaluation === undefined) throw new Error('fakeTraining has a test');
    const [first = [], ...others] = run.evaluation.confusion;
    const confusion = [first.map(() => 0), ...others];
    expect([
      ...byClassFigure({ ...run, evaluation: { ...run.evaluation, confusion } }).svg.matchAll(/<circle/g),
    ]).toHaveLength(9);
    const classes = Array.from({ length: 100 }, (_, c) => `c${c}`);
    const counts = classes.map((_, c) => 200 - c);
    const { data } = run.info;
    const many = {
      ...run,
      info: { ...run.info, data: { ...data, classes, counts: { ...data.counts, train: counts } } },
      evaluation: { ...run.evaluation, confusion: classes.map((_, r) => classes.map((_, c) => Number(r === c))) },
    };
    const drawn = byClassFigure(many);
    expect(drawn.svg).toContain('>c19<');
    expect(drawn.svg).not.toContain('>c20<');
    expect(drawn.svg).toContain('>c60<');
    expect(drawn.caption).toContain('40 classes between are left out');
    expect(count(drawn.svg, 'rule')).toBeGreaterThan(0);
  });

  it('refuses a run that is not tested', () => {
    expect(() => byClassFigure({ ...run, evaluation: undefined })).toThrow('must be tested, it is not');
  });
});
