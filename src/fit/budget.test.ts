import { describe, expect, it } from 'vitest';
import { BudgetError, budgetOfSeconds, leastSeconds, lengthWithin, refuseBudget, secondsOfBudget } from './budget.js';
import { batchFor, fitSizes } from './sizes.js';

const pace = { stepsPerEpoch: 100, perStep: 0.1, perValidation: 2, test: 3 };
const bounds = { least: 3, most: 50 };

describe('lengthWithin', () => {
  it('takes as many whole epochs as fit beside the test, up to the most', () => {
    expect(lengthWithin(123, pace, bounds)).toEqual({ epochs: 10, steps: 0, seconds: 123 });
    expect(lengthWithin(1e6, pace, bounds)?.epochs).toBe(50);
  });

  it('shortens epochs where not even the least number of whole ones fits', () => {
    const length = lengthWithin(21, pace, bounds);
    expect(length).toMatchObject({ epochs: 3, steps: 40 });
    expect(length?.seconds).toBeLessThanOrEqual(21);
  });

  it('is undefined where hardly a step fits, and says from when on one does', () => {
    const least = leastSeconds(pace, bounds);
    expect(lengthWithin(least - 0.01, pace, bounds)).toBeUndefined();
    expect(lengthWithin(least + 0.01, pace, bounds)).toMatchObject({ epochs: 3, steps: 5 });
  });

  it('needs no more steps than an epoch has', () => {
    const short = { ...pace, stepsPerEpoch: 2 };
    expect(lengthWithin(leastSeconds(short, bounds) + 0.01, short, bounds)).toMatchObject({ epochs: 3, steps: 0 });
  });
});

describe('the length of a run of several phases', () => {
  it('counts what goes by its epochs, and what has a length of its own', () => {
    const longer = { ...pace, perEpoch: 1.5, besides: 20 };
    expect(lengthWithin(203, longer, bounds)).toEqual({ epochs: 10, steps: 0, seconds: 203 });
    const least = leastSeconds(longer, bounds);
    expect(lengthWithin(least - 0.01, longer, bounds)).toBeUndefined();
    expect(lengthWithin(least + 0.01, longer, bounds)).toMatchObject({ epochs: 3, steps: 5 });
    expect(lengthWithin(62, longer, bounds)).toMatchObject({ epochs: 3, seconds: expect.closeTo(62, 0) });
  });

  it('is a multiple of its stages', () => {
    const stages = { least: 3, most: 50, multiple: 3 };
    expect(lengthWithin(123, pace, stages)).toEqual({ epochs: 9, steps: 0, seconds: 111 });
    expect(lengthWithin(1e6, pace, stages)?.epochs).toBe(48);
  });
});

describe('budget', () => {
  it.each([
    ['30m', 1800],
    ['2h', 7200],
    ['90s', 90],
    ['1.5h', 5400],
  ])('reads %s', (word, seconds) => expect(secondsOfBudget(word)).toBe(seconds));

  it.each(['30', 'm', '0m', '-2h', '2 hours', ''])('refuses "%s"', (word) =>
    expect(() => secondsOfBudget(word)).toThrow('It must be a time such as 30m, 2h or 90s'),
  );

  it('says which budget would do, as it is typed', () => {
    expect(() => refuseBudget(60, { needed: 700 })).toThrow(BudgetError);
    expect(() => refuseBudget(60, { needed: 700 })).toThrow(
      /about 11 min 40 s or more .* got 1 min 00 s; use --budget 12m/,
    );
    expect(budgetOfSeconds(9000)).toBe('3h');
  });
});

describe('sizes', () => {
  it('grow, and found and random cells have the nodes that are searched', () => {
    for (const { nodes, search } of fitSizes) expect(search['nodes']).toBe(nodes);
    const widths = fitSizes.map(({ network }) => Number(network['channels']));
    expect(widths).toEqual(widths.toSorted((a, b) => a - b));
  });

  it('have batches of which an epoch has at least ten, where there are 80 images or more', () => {
    expect([20, 100, 242, 700, 50_000].map(batchFor)).toEqual([8, 8, 16, 64, 64]);
  });
});
