import { describe, expect, it } from 'vitest';
import { bestAnswer, rankGroups, rankOrder, scores, shotGroups } from './scores.js';

describe('scores', () => {
  it('counts images for accuracy and classes for the mean', () => {
    expect(
      scores([
        [8, 2],
        [1, 1],
      ]),
    ).toEqual({ accuracy: 9 / 12, meanPerClassAccuracy: (0.8 + 0.5) / 2, perClassAccuracy: [0.8, 0.5] });
  });

  it('has null for a class without images, and leaves it out of the mean', () => {
    const result = scores([
      [1, 1, 0],
      [0, 0, 0],
      [0, 0, 3],
    ]);
    expect(result.perClassAccuracy).toEqual([0.5, null, 1]);
    expect(result.meanPerClassAccuracy).toBe(0.75);
  });
});

describe('shot groups', () => {
  it('are > 100, 20 to 100 and < 20 training images', () => {
    expect(shotGroups([0.9, 0.7, 0.5, 0.3, 0.1], [101, 100, 20, 19, 1])).toEqual({ many: 0.9, medium: 0.6, few: 0.2 });
  });

  it('are null when no class is in them, never 0', () => {
    expect(shotGroups([1, 0], [5000, 50])).toEqual({ many: 1, medium: 0, few: null });
    expect(shotGroups([null, 1], [5000, 10])).toEqual({ many: null, medium: null, few: 1 });
  });
});

describe('rank groups', () => {
  it('are 3, 4 and 3 of ten classes by their images, whatever order the classes are in', () => {
    const counts = [40, 66, 112, 186, 310, 516, 862, 1437, 2398, 4000];
    expect(rankOrder(counts)).toEqual({ head: [9, 8, 7], middle: [6, 5, 4, 3], tail: [2, 1, 0] });
    expect(rankGroups([0, 0, 0.3, 0.5, 0.5, 0.5, 0.5, 0.8, 0.9, 1], counts)).toEqual({
      head: expect.closeTo(0.9, 12),
      middle: 0.5,
      tail: expect.closeTo(0.1, 12),
    });
  });

  it('of two classes are one and one, with nothing between', () => {
    expect(rankGroups([1, 0], [9, 3])).toEqual({ head: 1, middle: null, tail: 0 });
  });
});

describe('the best answer', () => {
  it('is by the mean over classes, and the first on a tie', () => {
    const at = (mixing: number, meanPerClassAccuracy: number) => ({ mixing, meanPerClassAccuracy });
    expect(bestAnswer([at(1, 0.2), at(0.1, 0.6), at(0.5, 0.6)]).mixing).toBe(0.1);
    expect(() => bestAnswer([])).toThrow(/must be at least 1, got none/);
  });
});
