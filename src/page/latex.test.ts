import { describe, expect, it } from 'vitest';
import { fakeRun } from '../../test/support/fake-runs.js';
import { fakeFit } from '../../test/support/own-data.js';
import { fitLatex, latex } from './latex.js';
import { markdown } from './markdown.js';

const HOSTILE = '\\input{/etc/passwd} $x^2$ & 50 % #1 _a_ ~ {} <b> "q" [2em] *';
const make = (name: string, seed: number, label: string) =>
  fakeRun({ name, label, seed, epochs: 6, bilateral: name !== 'darts', paper: 60 });
const runs = [1, 2, 3].flatMap((seed) => [make('darts', seed, HOSTILE), make('hls', seed, 'HLS')]);

describe('the tables as LaTeX', () => {
  const text = latex(runs);

  it('are those of the Markdown, row by row', () => {
    const rows = text.split('\n').filter((line) => line.endsWith('\\\\'));
    const lines = markdown(runs)
      .split('\n')
      .filter((line) => line.startsWith('|') && !line.startsWith('|--'));
    expect(rows).toHaveLength(lines.length);
    const cells = (row: string) => row.replaceAll('\\&', '').split(' & ').length;
    expect(rows.map(cells)).toEqual(lines.map((line) => line.replaceAll('\\|', '').split('|').length - 2));
    expect(text.match(/\\begin\{tabular\}/g)).toHaveLength(2);
    const short = latex([make('hls', 1, 'HLS')]);
    expect(short).toContain('\\begin{tabular}{lrrrrrrrrrr}\n\\toprule\nMethod & Seeds & Paper & Ours & Difference');
    expect(text).toContain('\\begin{tabular}{p{0.33\\linewidth}rrrrr}');
    expect(text).toMatch(/\d\d\.\d\d \$\\pm\$ \d\.\d\d/);
  });

  it('hold nothing of a run folder that is a command', () => {
    const row = text.split('\n').find((line) => line.includes('passwd')) ?? '';
    expect(row).toContain('\\textbackslash{}input\\{/etc/passwd\\} \\$x\\textasciicircum{}2\\$ \\& 50 \\% \\#1 ');
    expect(row).toContain('\\_a\\_ \\textasciitilde{} \\{\\} ');
    expect(row).toContain("\\textless{}b\\textgreater{} ''q'' {[}2em] {*} & 3 &");
    // Of what is left, pdfLaTeX knows every character.
    expect(text.replace(/[\x20-\x7e\n]/g, '')).toBe('');
  });

  it('of a fit compare its networks, and say whether the search helped', () => {
    const fit = fitLatex(fakeFit());
    expect(fit).toContain('The network found (darts) $\\star$');
    expect(fit).toMatch(/\\noindent (Yes|No|Not measurably), /);
  });
});
