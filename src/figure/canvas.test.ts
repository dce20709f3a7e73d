import * as Plot from '@observablehq/plot';
import { describe, expect, it } from 'vitest';
import { figure, type Row } from './canvas.js';
import type { Look } from './looks.js';
import { svgToPng } from './png.js';

const look: Look = { color: '#0072B2', dash: '7 3', symbol: 'square' };
const panel: Plot.PlotOptions = { x: { label: 'epoch' }, marks: [Plot.lineY([1, 2.123456, 3], { stroke: '#0072B2' })] };
const drawn = (title: string, rows: readonly Row[] = [{ panels: [panel, undefined, panel], height: 100 }]) =>
  figure('a', { title, caption: 'b', rows });

describe('a figure', () => {
  it('can stand beside others on a page: no ids, classes, style sheets or colours of the page', () => {
    const { svg } = drawn('A');
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="720" height="\d+" viewBox="0 0 720 \d+" role="img"/,
    );
    expect(svg).not.toMatch(/<style| id="| class="| style="|currentColor|url\(|NaN/);
  });

  it('has its title for eyes and for screen readers, escaped', () => {
    const { svg } = drawn('<A> & "B"');
    expect(svg).toContain('<title>&lt;A&gt; &amp; &quot;B&quot;</title>');
    expect(svg).toMatch(/<text[^>]*font-weight="bold">&lt;A&gt; &amp; &quot;B&quot;<\/text>/);
  });

  it('has its caption below it in a file, in lines, and on a page leaves that to the page', () => {
    const caption = `${'word '.repeat(60)}at <last>`;
    const { svg, captioned } = figure('a', { title: 'A', caption, rows: [{ heading: 'B' }] });
    expect(svg).not.toContain('word');
    const lines = [...captioned.matchAll(/<text x="12" y="([\d.]+)" font-size="12">([^<]*)<\/text>/g)];
    expect(lines.map(([, , line]) => line).join(' ')).toBe(`${'word '.repeat(60)}at &lt;last&gt;`);
    expect(lines.length).toBeGreaterThan(2);
    const height = Number(/ height="(\d+)"/.exec(captioned)?.[1]);
    expect(height).toBeGreaterThan(Number(lines.at(-1)?.[1]));
    expect(height).toBeLessThan(Number(lines.at(-1)?.[1]) + 20);
  });

  it('is laid out again for a narrow window: panels below each other, its text as large', () => {
    const { svg, narrow } = drawn('A title that takes more than one line where there is little room for it', [
      { panels: [panel, undefined, panel, panel], height: 100 },
    ]);
    const heightOf = (text: string) => Number(/ height="(\d+)"/.exec(text)?.[1]);
    expect(narrow).toMatch(/^<svg [^>]*width="360" height="\d+" viewBox="0 0 360 /);
    const places = (text: string) =>
      [...text.matchAll(/<g transform="translate\(([\d.]+),([\d.]+)\)" text-anchor="middle">/g)].map(([, x, y]) => [
        Number(x),
        Number(y),
      ]);
    const [top = 0] = places(narrow).map(([, y]) => y ?? 0);
    expect(places(svg).map(([x]) => x)).toEqual([0, 360, 540]);
    expect(places(narrow)).toEqual([
      [0, top],
      [180, top],
      [0, top + 100],
    ]);
    expect(heightOf(narrow)).toBeGreaterThan(heightOf(svg) + 100);
    expect(narrow).toContain('font-size="16" font-weight="bold"');
  });

  it('has the numbers of its panels', () => {
    const table = { headings: ['epoch'], rows: [['1']], words: false };
    const rows = [{ heading: 'a' }, { panels: [panel], height: 100, data: [{ caption: 'loss', table }] }];
    expect(figure('a', { title: 'A', caption: 'b', rows }).data).toEqual([{ caption: 'loss', table }]);
    expect(drawn('A').data).toEqual([]);
  });

  it('breaks a long title into lines', () => {
    const { svg } = drawn(`${'word '.repeat(40)}end`);
    expect(svg.match(/font-weight="bold"/g)?.length).toBe(4);
    expect(svgToPng(svg).length).toBeGreaterThan(1000);
  });

  it('leaves a gap for a panel that is not there, and shortens places but not texts', () => {
    const { svg } = drawn('A', [
      { panels: [undefined, { ...panel, y: { ticks: [2.125], tickFormat: '.3f' } }], height: 100 },
    ]);
    expect(svg).toContain('<g transform="translate(360.00,34)"');
    expect(svg).toContain('>2.125</text>');
    expect(svg).not.toMatch(/ d="[^"]*\.\d\d/);
  });

  it('wraps a legend that is too long for one line, each entry with its line and its marker', () => {
    const legend = Array.from({ length: 9 }, (_, i) => ({
      text: `a recipe ${i}`,
      line: look,
      mark: { symbol: 'square' } as const,
    }));
    const { svg } = figure('a', { title: 'A', caption: 'b', rows: [{ legend }] });
    const lines = [...svg.matchAll(/<path d="M(\d+\.?\d*),(\d+)h34" [^>]*stroke-dasharray="7 3"/g)];
    expect(lines.length).toBe(9);
    expect(new Set(lines.map(([, , y]) => y)).size).toBe(2);
    expect(svg.match(/aria-label="dot"/g)?.length).toBe(9);
  });
});
