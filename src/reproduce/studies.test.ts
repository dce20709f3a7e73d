import { describe, expect, it } from 'vitest';
import { experiments } from '../experiment/index.js';
import { study, studyNames } from './studies.js';

describe('a study', () => {
  it.each(studyNames)('is made of recipes that there are, each once: %s', (name) => {
    const wanted = study(name).recipes;
    expect(experiments.names()).toEqual(expect.arrayContaining([...wanted]));
    expect(new Set(wanted).size).toBe(wanted.length);
  });

  it('has a row for all that the paper reports, in the order of its table', () => {
    expect(study('table2').table).toEqual(
      experiments.all().flatMap(({ name, paper }) => (paper === null ? [] : [name])),
    );
    expect(study('table2').table.slice(0, 3)).toEqual(study('table1').table);
  });

  it('of what is inferred varies one thing at a time, on recipes that it also has as they stand', () => {
    const { recipes: plain, changes = [] } = study('sensitivity');
    expect(changes.map(({ change }) => change)).toEqual([
      { freeze: 'sqrt' },
      { freeze: 'squared' },
      { freeze: 'saturating' },
      { mixing: 'reverseSigmoid(10)' },
      { mixing: 'reverseSigmoid(20)' },
      { archOptimizer: 'sgd' },
      { order: 2 },
      { bnScope: 'perBranch' },
      { logitScale: 2 },
    ]);
    for (const { recipes: touched } of changes) expect(plain).toEqual(expect.arrayContaining([...touched]));
  });

  it('that is all holds every other of the paper, and draws figure 5 from no run', () => {
    const all = study('all');
    expect(all.figures).toHaveLength(7);
    for (const name of studyNames.filter((n) => n !== 'sensitivity'))
      expect(all.recipes).toEqual(expect.arrayContaining([...study(name).recipes]));
    expect(study('figure5')).toEqual({ recipes: [], table: [], figures: ['figure5'] });
  });
});
