import { describe, expect, it } from 'vitest';
import { fakeRun, fakeTraining } from '../../test/support/fake-runs.js';
import { ComparisonError, type LoadedRun, resultRows } from '../measure/index.js';
import { markdown } from './markdown.js';

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

  it("have both accuracies of a user's own data, the mean over classes first, and nothing of the paper", () => {
    const [run] = runs;
    if (run === undefined) throw new Error('there are runs');
    const own = {
      ...run,
      info: { ...run.info, data: { ...run.info.data, spec: 'birds', name: 'birds', request: {} } },
    };
    const [heading = '', , line = ''] = markdown([own]).split('\n');
    const cells = (text: string): string[] => text.split('|').map((cell) => cell.trim());
    expect(cells(heading).slice(1, 6)).toEqual(['Method', 'Seeds', 'Mean per class', 'All images', 'Head']);
    expect(heading).not.toMatch(/Paper|Difference|Chosen/);
    expect(cells(line.replaceAll('\\|', ''))[3]).toBe((100 * (run.evaluation?.meanPerClassAccuracy ?? 0)).toFixed(2));
  });

  it('have trainings beside searches', () => {
    const trained = [1, 2].map((seed) =>
      fakeTraining({ name: 'train-darts', label: 'DARTS, derived', seed, epochs: 6 }),
    );
    const lines = markdown([make('darts', 1), ...trained]).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[3]).toMatch(/^\| DARTS, derived \(train\) +\| +2 \| +– \| +\d\d\.\d\d ± \d\.\d\d \|/);
  });

  it('say how large networks are, where their channels differ', () => {
    const sized = [16.5e6, 18.2e6].map((multiplyAdds, seed): LoadedRun => {
      const run = fakeTraining({ name: 'train-darts', label: 'DARTS', seed, epochs: 6 });
      return { ...run, info: { ...run.info, size: { weights: 90_000, multiplyAdds } } };
    });
    const [heading, , line] = markdown(sized).split('\n');
    expect(heading).toMatch(/ Weights \| +Multiply-adds \| +Time \|$/);
    expect(heading).not.toMatch(/Paper|Mixing/);
    expect(line).toMatch(/\| +90,000 \| 16\.5 to 18\.2 million \|/);
  });

  it('have a star at what a change has moved', () => {
    const changed = (seed: number, changes: Record<string, string | number>, accuracy: number): LoadedRun => {
      const run = fakeRun({ name: 'hls', label: 'HLS', seed, epochs: 4, bilateral: true });
      const evaluation = run.evaluation && { ...run.evaluation, accuracy: accuracy + seed / 1000 };
      return { ...run, info: { ...run.info, changes }, evaluation };
    };
    const of = (...seeds: number[]) =>
      markdown(
        seeds.flatMap((seed) => [
          { ...fakeRun({ name: 'darts', label: 'DARTS', seed, epochs: 4, bilateral: false }) },
          changed(seed, {}, 0.5),
          changed(seed, { freeze: 'sqrt' }, 0.1 + seed / 1000),
        ]),
      );
    expect(of(1, 2, 3)).toMatch(/\| freeze sqrt +\| +3 \| +−\d+\.\d\d ✗\* /);
    expect(of(1, 2, 3)).toMatch(/\| freeze sqrt +\| +3 \| +−39\.80 \(−40\.05 to −39\.55\) \* \|/);
    expect(of(1)).toMatch(/\| unchanged +\| +1 \| +50\.10 \|\n\| freeze sqrt +\| +1 \| +−39\.90 \|/);
  });
});
