import { describe, expect, it } from 'vitest';
import { scores, shotGroups } from './metrics.js';

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
