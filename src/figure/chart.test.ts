import { describe, expect, it } from 'vitest';
import { pooled } from '../measure/index.js';
import { paperRows } from '../paper/index.js';
import { figure } from './canvas.js';
import { seriesMarks, seriesTable, wholeTicks } from './chart.js';
import { operationLooks, rowLook, rowLooks, seriesLook } from './looks.js';

describe('the curves of several seeds', () => {
  it('come to mean, minimum and maximum at each x that has a value', () => {
    const curves = [
      [
        { x: 2, y: 4 },
        { x: 1, y: 1 },
      ],
      [
        { x: 1, y: 3 },
        { x: 2, y: null },
        { x: 3, y: Number.NaN },
      ],
    ];
    expect(pooled(curves)).toEqual([
      { x: 1, mid: 2, low: 1, high: 3 },
      { x: 2, mid: 4, low: 4, high: 4 },
    ]);
  });
});

describe('ticks of epochs', () => {
  it.each([
    [1, 1, [1]],
    [1, 5, [1, 2, 3, 4, 5]],
    [1, 50, [1, 10, 20, 30, 40, 50]],
    [1, 75, [1, 10, 20, 30, 40, 50, 60, 70]],
    [0, 25, [0, 5, 10, 15, 20, 25]],
    [1, 600, [1, 100, 200, 300, 400, 500, 600]],
  ])('from %d to %d are whole and round', (from, to, ticks) => {
    expect(wholeTicks(from, { to })).toEqual(ticks);
  });
});

describe('looks', () => {
  const looks = paperRows.map(({ name }) => rowLook(name));

  it('differ between recipes by more than colour', () => {
    expect(new Set(looks.map(({ dash, symbol }) => `${dash} ${symbol}`)).size).toBe(looks.length);
    expect(new Set(looks.map(({ color, dash }) => `${color} ${dash}`)).size).toBe(looks.length);
  });

  it('differ between the rows of one figure, and leave the paper’s rows theirs', () => {
    const names = ['train-resnet-32', 'train-random', 'train-darts', 'train-hls', 'hls', 'mine'];
    const found = rowLooks(names);
    expect(new Set(names.map((name) => found.get(name))).size).toBe(names.length);
    expect(found.get('hls')).toBe(rowLook('hls'));
    expect(rowLooks(['mine']).get('mine')).toBe(rowLook('mine'));
  });

  it('are one for a recipe of any name, and differ between operations', () => {
    expect(rowLook('mine')).toEqual(rowLook('mine'));
    const names = ['none', 'max_pool_3x3', 'avg_pool_3x3', 'skip_connect', 'sep_conv_3x3', 'sep_conv_5x5'];
    const many = operationLooks([...names, ...Array.from({ length: 25 }, (_, i) => `op_${i}`)]);
    expect(new Set(many.map(({ color, dash }) => `${color} ${dash}`)).size).toBe(31);
    expect(operationLooks(['sep_conv_3x3'])).toEqual(many.slice(4, 5));
    expect(operationLooks(Array.from({ length: 50 }, (_, i) => `op_${i}`))).toHaveLength(50);
    expect(() => seriesLook(-1)).toThrow('the index must be >= 0, got -1');
  });
});

describe('markers of a line', () => {
  const marked = (n: number, options: { markers?: number } = {}): number => {
    const points = Array.from({ length: n }, (_, x) => ({ x, mid: x, low: x, high: x }));
    const marks = seriesMarks([{ text: 'a', look: rowLook('hls'), points }], options);
    const { svg } = figure('a', { title: 'b', caption: 'c', rows: [{ height: 100, panels: [{ marks }] }] });
    const dots = /<g[^>]*aria-label="dot".*?<\/g>/s.exec(svg)?.[0] ?? '';
    return dots.match(/<(path|circle)/g)?.length ?? 0;
  };

  it('stand at every point where they may, and at a few of a long line', () => {
    expect([marked(10, { markers: Number.POSITIVE_INFINITY }), marked(10), marked(33)]).toEqual([10, 10, 11]);
  });
});

describe('points that share an x', () => {
  it('stay apart by their key: two classes of as many images are no spread over seeds', () => {
    const points = pooled([
      [
        { x: 5, y: 0, key: 0 },
        { x: 5, y: 100, key: 1 },
      ],
    ]);
    expect(points).toEqual([
      { x: 5, mid: 0, low: 0, high: 0 },
      { x: 5, mid: 100, low: 100, high: 100 },
    ]);
  });
});

describe('seriesTable', () => {
  const at = (x: number, mid: number, spread = 0) => ({ x, mid, low: mid - spread, high: mid + spread });

  it('has a row per x, a column per line, the range of seeds, and a dash where a line has nothing', () => {
    const lines = [
      { text: 'a', points: [at(1, 0.123456), at(2, 10, 1)] },
      { text: 'b', points: [at(2, 3)] },
    ];
    expect(seriesTable(lines, 'epoch')).toMatchObject({
      headings: ['epoch', 'a', 'b'],
      rows: [
        ['1', '0.1235', '–'],
        ['2', '10 (9 to 11)', '3'],
      ],
    });
  });

  it('keeps both ends of a long line, and some of it at even distances', () => {
    const points = Array.from({ length: 1000 }, (_, i) => at(i + 1, i));
    const xs = seriesTable([{ text: 'a', points }], 'epoch').rows.map(([x]) => Number(x));
    expect([xs.length, xs[0], xs.at(-1)]).toEqual([41, 1, 1000]);
    const steps = xs.slice(1).map((x, i) => x - (xs[i] ?? 0));
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(1);
  });
});
