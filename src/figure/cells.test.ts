import { describe, expect, it } from 'vitest';
import type { CellGenotype } from '../run/index.js';
import { cellSvg, genotypeSvgs } from './cells.js';

const cell: CellGenotype = {
  nodes: [
    [
      { op: 'sep_conv_3x3', from: 0 },
      { op: 'max_pool_3x3', from: 1 },
    ],
    [
      { op: 'none', from: 2 },
      { op: 'skip_connect', from: 0 },
    ],
  ],
  concat: [2, 3],
};
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);
const count = (svg: string, part: string) => svg.split(part).length - 1;

describe('cellSvg', () => {
  it('shows the inputs, the numbered nodes, the output, each operation once and the title', async () => {
    const shown = texts(await cellSvg(cell, { title: 'Normal cell' }));
    const nodes = ['c', 'k&#45;2', 'c', 'k&#45;1', '0', '1', 'c', 'k'];
    const ops = ['sep_conv_3x3', 'max_pool_3x3', 'none', 'skip_connect'];
    expect(shown.toSorted()).toEqual([...nodes, ...ops, 'Normal cell'].toSorted());
  });

  it('draws two lines for an operation, one for each node that the output joins', async () => {
    const edges = async (concat: number[]) => count(await cellSvg({ ...cell, concat }, { title: 'a' }), 'class="edge"');
    expect(await edges([2, 3])).toBe(4 * 2 + 2);
    expect(await edges([3])).toBe(4 * 2 + 1);
  });

  it('sets "none" apart by a dashed grey line', async () => {
    const dashed = async (op: string) => {
      const svg = await cellSvg({ nodes: [[{ op, from: 0 }]], concat: [2] }, { title: 'a' });
      return count(svg, 'stroke="#8a8a8a" stroke-dasharray="5,2"');
    };
    expect(await dashed('none')).toBe(2);
    expect(await dashed('skip_connect')).toBe(0);
  });

  it('gives every text the width that it has in Arial, so that it fits in any font', async () => {
    const svg = await cellSvg(cell, { title: 'Normal cell' });
    const lengths = [...svg.matchAll(/<text[^>]*textLength="([\d.]+)" lengthAdjust="spacingAndGlyphs">([^<]*)</g)];
    expect(lengths).toHaveLength(texts(svg).length);
    const lengthOf = (text: string) => Number(lengths.find(([, , label]) => label === text)?.[1]);
    // 500 + 3 × 556 + 500 + … thousandths at size 12: as the widths of the font have it.
    expect(lengthOf('sep_conv_3x3')).toBeCloseTo(77.4, 1);
    expect(lengthOf('k&#45;2')).toBeCloseTo(13.89, 1);
  });

  it('is narrower for narrow windows, with every operation’s name in two lines', async () => {
    const nodes = [0, 1, 2, 3].map(() => [
      { op: 'sep_conv_3x3', from: 0 },
      { op: 'max_pool_3x3', from: 1 },
    ]);
    const wide = { nodes, concat: [2, 3, 4, 5] };
    const widthOf = (svg: string) => Number(/width="(\d+)pt"/.exec(svg)?.[1]);
    const narrow = await cellSvg(wide, { title: 'a', narrow: true });
    expect(widthOf(narrow)).toBeLessThan(0.85 * widthOf(await cellSvg(wide, { title: 'a' })));
    expect(widthOf(narrow)).toBeLessThan(400);
    expect(texts(narrow).filter((text) => text === 'sep_conv')).toHaveLength(4);
    expect(texts(narrow).filter((text) => text === '3x3')).toHaveLength(8);
  });

  it('can stand beside others in a page: no prolog, no ids, one title, nothing unescaped', async () => {
    const svg = await cellSvg({ nodes: [[{ op: '<b>&"', from: 1 }]], concat: [2] }, { title: 'A <&> "B" $1' });
    expect(svg).toMatch(/^<svg /);
    expect(svg).not.toMatch(/ id="|<!--/);
    expect(svg.match(/<title>.*<\/title>/g)).toEqual(['<title>A &lt;&amp;&gt; &quot;B&quot; $1</title>']);
    expect(texts(svg)).toContain('&lt;b&gt;&amp;&quot;');
  });

  it('refuses edges and outputs that cannot be', async () => {
    const late = { ...cell, nodes: [[{ op: 'none', from: 2 }]], concat: [2] };
    await expect(cellSvg(late, { title: 'a' })).rejects.toThrow('node 2 must take its edges from earlier nodes, got');
    await expect(cellSvg({ ...cell, concat: [4] }, { title: 'a' })).rejects.toThrow('nodes up to 3, got 4');
  });
});

describe('genotypeSvgs', () => {
  it('draws the cells that there are', async () => {
    const figures = await genotypeSvgs({ backbone: { normal: cell, reduction: cell }, instance: { normal: cell } });
    expect(figures.map(({ name }) => name)).toEqual(['backbone-normal', 'backbone-reduction', 'instance-normal']);
    expect(texts(figures[1]?.svg ?? '')).toContain('Backbone, reduction cell');
  });
});
