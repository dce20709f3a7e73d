import { describe, expect, it } from 'vitest';
import { fakeTraining } from '../../test/support/fake-runs.js';
import { differences, differencesTable } from './differences.js';
import type { LoadedRun } from './runs.js';

const tested = (name: string, accuracies: Readonly<Record<number, number>>): LoadedRun[] =>
  Object.entries(accuracies).map(([seed, accuracy]) => {
    const run = fakeTraining({ name, label: name, seed: Number(seed), epochs: 2, cells: false });
    const { evaluation } = run;
    return evaluation === undefined ? run : { ...run, evaluation: { ...evaluation, meanPerClassAccuracy: accuracy } };
  });
const cells = tested('cells', { 1: 0.7, 2: 0.68, 3: 0.72 });
const resnet = tested('resnet', { 1: 0.6, 2: 0.6, 3: 0.6 });

describe('differences between networks', () => {
  it('are taken at equal seed, with the interval of Student’s t', () => {
    const [found, ...others] = differences([...resnet, ...cells]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ row: { name: 'cells' }, other: { name: 'resnet' }, seeds: [1, 2, 3] });
    // 10 ± 4.303 · 2 / √3
    expect(found?.estimate.mean).toBeCloseTo(10, 9);
    expect(found?.estimate.low).toBeCloseTo(10 - (4.303 * 2) / Math.sqrt(3), 6);
  });

  it('need two seeds that both networks have, and are a triangle of intervals', () => {
    expect(differences([...resnet, ...tested('lone', { 1: 0.5, 9: 0.5 })])).toEqual([]);
    const third = tested('third', { 2: 0.68, 3: 0.72 });
    const { headings, rows } = differencesTable(differences([...resnet, ...cells, ...third]));
    expect(headings.slice(1)).toEqual(['resnet (train)', 'cells (train)']);
    expect(rows.map(([name]) => name)).toEqual(['cells (train)', 'third (train)']);
    expect(rows[0]?.[2]).toBe('');
    expect(rows[1]?.[2]).toMatch(/0\.00/);
  });
});
