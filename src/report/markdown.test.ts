import { describe, expect, it } from 'vitest';
import { fakeRun } from '../../test/support/fake-runs.js';
import { markdown } from './markdown.js';
import { ComparisonError, resultRows } from './results.js';
import type { LoadedRun } from './runs.js';

const make = (name: string, seed: number): LoadedRun =>
  fakeRun({ name, label: `${name} | ${name}`, seed, epochs: 6, bilateral: name !== 'darts', paper: 60 });
const runs = [1, 2, 3].flatMap((seed) => [make('darts', seed), make('hls', seed)]);

describe('the tables as Markdown', () => {
  const tables = markdown(runs)
    .split('\n\n')
    .map((t) => t.split('\n'));

  it('are two, whose lines are equally long and have equally many cells', () => {
    expect(tables).toHaveLength(2);
    for (const lines of tables) {
      expect(new Set(lines.map((line) => line.length)).size).toBe(1);
      expect(new Set(lines.map((line) => line.replaceAll('\\|', '').split('|').length)).size).toBe(1);
    }
  });

  it('have a line a method, with its figures', () => {
    const [row] = resultRows(runs);
    const line = tables[0]?.[2] ?? '';
    expect(line).toContain('darts \\| darts');
    expect(line).toContain(`${row?.mean?.toFixed(2)} ± ${row?.sd?.toFixed(2)}`);
    expect(tables[0]).toHaveLength(4);
  });

  it('have a line a claim that these runs say something of', () => {
    const claims = tables[1] ?? [];
    expect(claims.slice(2).map((line) => line.split('|')[1]?.trim().split(' (')[0])).toEqual([
      'HLS is better than DARTS',
      'The class head alone is better than the instance head alone',
      'At test time the class head alone',
      'The heads’ gradients rise and fall with m and 1 − m',
      'The backbone’s gradient changes less than the heads’, if at all',
    ]);
  });

  it('leave out the claims where there is none, and refuse what may not stand in one table', () => {
    expect(markdown([make('darts', 1)])).not.toContain('Claim');
    const [first] = runs;
    if (first === undefined) throw new Error('there are runs');
    expect(() => markdown([first, first])).toThrow(ComparisonError);
  });
});
