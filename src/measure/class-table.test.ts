import { describe, expect, it } from 'vitest';
import { classResults, isImbalanced, largestMistakes, majority, wilson } from './class-table.js';

const classes = ['few', 'many', 'none', 'some'];
const trainCounts = [5, 500, 20, 50];
// [true, answered]
const confusion = [
  [1, 2, 0, 0],
  [0, 9, 0, 1],
  [0, 0, 0, 0],
  [0, 3, 0, 3],
];

describe('class table', () => {
  it('has the largest class first, with shares, groups and intervals', () => {
    const results = classResults(confusion, { classes, trainCounts });
    expect(results.map(({ name, group }) => [name, group])).toEqual([
      ['many', 'head'],
      ['some', 'middle'],
      ['none', 'middle'],
      ['few', 'tail'],
    ]);
    const [many, , none, few] = results;
    expect(many).toMatchObject({ trainImages: 500, testImages: 10, right: 9, recall: 0.9, precision: 9 / 14 });
    expect(few).toMatchObject({ right: 1, testImages: 3, recall: 1 / 3, precision: 1 });
    expect(none).toMatchObject({ testImages: 0, recall: null, precision: null, interval: null });
  });

  it("has Wilson's interval", () => {
    // R: prop.test(9, 10, correct = FALSE)$conf.int
    const [low, high] = wilson(9, 10) ?? [];
    expect(low).toBeCloseTo(0.5958, 4);
    expect(high).toBeCloseTo(0.9821, 4);
    expect(wilson(0, 5)?.[0]).toBeCloseTo(0, 12);
    expect(wilson(5, 5)?.[1]).toBeCloseTo(1, 12);
    expect(wilson(0, 0)).toBeNull();
  });

  it("has Wilson's intervals as published", () => {
    // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    const rounded = (right: number, of: number) => (wilson(right, of) ?? []).map((x) => Number(x.toFixed(4)));
    expect(rounded(81, 263)).toEqual([0.2553, 0.3662]);
    expect(rounded(15, 148)).toEqual([0.0624, 0.1605]);
    expect(rounded(0, 20)).toEqual([0, 0.1611]);
    expect(rounded(1, 29)).toEqual([0.0061, 0.1718]);
  });

  it('orders mistakes by their share of the class, not by their number', () => {
    expect(largestMistakes(confusion, { classes, most: 2 })).toEqual([
      { from: 'few', to: 'many', images: 2, of: 3 },
      { from: 'some', to: 'many', images: 3, of: 6 },
    ]);
  });

  it('knows what always answering the largest class of the training comes to', () => {
    expect(majority({ confusion }, { classes, trainCounts })).toEqual({
      name: 'many',
      accuracy: 10 / 19,
      meanPerClassAccuracy: 1 / 3,
    });
  });

  it('calls a test imbalanced from half as many again, classes without images aside', () => {
    expect(
      [
        [10, 10],
        [10, 15],
        [10, 16],
        [0, 10, 10],
      ].map(isImbalanced),
    ).toEqual([false, false, true, false]);
  });
});
