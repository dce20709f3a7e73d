import { describe, expect, it } from 'vitest';
import { recipes } from '../recipes/index.js';
import { experiment, experimentNames, wordsOf } from './experiments.js';

describe('an experiment', () => {
  it.each(experimentNames)('is made of recipes that there are, each once: %s', (name) => {
    const wanted = experiment(name).recipes;
    expect(recipes.map((r) => r.name)).toEqual(expect.arrayContaining([...wanted]));
    expect(new Set(wanted).size).toBe(wanted.length);
  });

  it('has a row for all that the paper reports, in the order of its table', () => {
    expect(experiment('table2').table).toEqual(recipes.filter((r) => r.paper !== undefined).map((r) => r.name));
    expect(experiment('table2').table.slice(0, 3)).toEqual(experiment('table1').table);
  });

  it('of what is inferred turns one thing at a time, on recipes that it also has as they stand', () => {
    const { recipes: plain, changes = [] } = experiment('sensitivity');
    expect(changes.map(({ change }) => wordsOf(change))).toEqual([
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
    const all = experiment('all');
    expect(all.figures).toHaveLength(7);
    for (const name of experimentNames.filter((n) => n !== 'sensitivity'))
      expect(all.recipes).toEqual(expect.arrayContaining([...experiment(name).recipes]));
    expect(experiment('figure5')).toEqual({ recipes: [], table: [], figures: ['figure5'] });
  });
});
