import { describe, expect, it } from 'vitest';
import type { ExpectedEpoch, Forecast } from '../forecast/index.js';
import { timeLeft } from './time-left.js';

const phase = (name: string, epochs: number, steps?: number) => ({ name, epochs, knobs: {}, ...(steps && { steps }) });

const forecastOf = (expectedEpochs: readonly ExpectedEpoch[], test = 0): Forecast => ({
  ...{ weights: 1, stepsPerEpoch: 10, expectedMemoryBytes: 0, freeMemoryBytes: 0, largestBatch: 1 },
  ...{ expectedSecondsPerEpoch: 0, expectedSecondsPerStep: 0, expectedEpochs },
  expectedSeconds: test + expectedEpochs.reduce((sum, e) => sum + e.first + e.steps * e.perStep + e.last, 0),
});

/** A step of one second; its epoch is validated in two. */
const search: ExpectedEpoch = { phase: 'search', first: 0, steps: 10, perStep: 1, last: 2 };

/** Steps of an epoch, each so many seconds long. */
const steps = (
  time: ReturnType<typeof timeLeft>,
  { epoch, seconds, from = 1, to = 10 }: { epoch: number; seconds: number; from?: number; to?: number },
): void => {
  for (let step = from; step <= to; step++) time.step({ epoch, step, seconds });
};

describe('the time left', () => {
  const plan = { phases: [phase('search', 2), phase('selection', 1, 5)] };
  const selection: ExpectedEpoch = { phase: 'selection', first: 0, steps: 5, perStep: 4, last: 3 };

  it('counts candidates at their own cost, corrected by how long steps have taken', () => {
    const time = timeLeft(plan, { stepsPerEpoch: 10, forecast: forecastOf([search, search, selection], 6) });
    expect(time.left({ epoch: 0, step: 0 })).toBeUndefined();
    steps(time, { epoch: 0, seconds: 2, to: 5 });
    // Twice as slow as forecast: five steps, another epoch of ten, five candidates; what follows steps, and the test.
    expect(time.left({ epoch: 0, step: 5 })).toBeCloseTo(2 * (5 + 10 + 5 * 4 + 2 + 2 + 3 + 6), 9);
    steps(time, { epoch: 0, seconds: 2, from: 6 });
    time.epoch({ epoch: 0, seconds: 6 });
    // Validation is three times as long as forecast, and so the test is taken to be.
    expect(time.left({ epoch: 0, step: 10 })).toBeCloseTo(2 * (10 + 5 * 4) + 3 * (2 + 2 + 3 + 6), 9);
  });

  it('warms up once in a phase, and is not thrown by one step later on', () => {
    const time = timeLeft(plan, { stepsPerEpoch: 10, forecast: forecastOf([search, search, selection]) });
    steps(time, { epoch: 0, seconds: 9, to: 1 });
    steps(time, { epoch: 0, seconds: 1, from: 2 });
    expect(time.perStep(0)).toBeCloseTo(1, 9);
    steps(time, { epoch: 1, seconds: 3, to: 1 });
    expect(time.perStep(1)).toBeGreaterThan(1);
    expect(time.perStep(1)).toBeLessThan(1.3);
  });

  it('goes by candidates alone as soon as there are some', () => {
    const time = timeLeft(plan, { stepsPerEpoch: 10, forecast: forecastOf([search, search, selection]) });
    for (const epoch of [0, 1]) steps(time, { epoch, seconds: 1 });
    steps(time, { epoch: 2, seconds: 6, to: 2 });
    expect(time.left({ epoch: 2, step: 2 })).toBeCloseTo(3 * 6 + 1.5 * 3, 9);
    expect(time.perStep(2)).toBeCloseTo(6, 9);
  });

  it('takes no decision for a step, and each epoch to have its own', () => {
    const projection = (first: number, perStep: number): ExpectedEpoch => ({
      ...{ phase: 'projection', first, steps: 10, perStep, last: 2 },
    });
    const phases = [phase('search', 1), phase('projection', 3)];
    const expected = [search, projection(100, 1), projection(0, 1), projection(60, 0.5)];
    const time = timeLeft({ phases }, { stepsPerEpoch: 10, forecast: forecastOf(expected) });
    steps(time, { epoch: 0, seconds: 1 });
    expect(time.left({ epoch: 0, step: 10 })).toBeCloseTo(160 + 25 + 4 * 2, 9);
    time.step({ epoch: 1, step: 1, seconds: 151 });
    // Decisions are half as long again as forecast; steps are as before.
    expect(time.perStep(1)).toBeCloseTo(1, 9);
    expect(time.left({ epoch: 1, step: 1 })).toBeCloseTo(9 + 10 + 1.5 * 60 + 5 + 3 * 2, 9);
  });

  it('does without the epochs that a phase ended before', () => {
    const phases = [phase('search', 4), phase('continued', 1)];
    const continued = { ...search, phase: 'continued', perStep: 2 };
    const time = timeLeft(
      { phases },
      { stepsPerEpoch: 10, forecast: forecastOf([search, search, search, search, continued]) },
    );
    for (const epoch of [0, 1]) steps(time, { epoch, seconds: 1 });
    expect(time.epochs()).toBe(5);
    time.stop({ phase: 'search', epoch: 2 });
    expect([time.epochs(), time.phase(1), time.phase(2)]).toEqual([3, 'search', 'continued']);
    steps(time, { epoch: 2, seconds: 2, to: 1 });
    expect(time.left({ epoch: 2, step: 1 })).toBeCloseTo(18 + 2, 9);
  });

  it('is of epochs like those before where nothing was forecast, the first step of each apart', () => {
    const time = timeLeft({ phases: [phase('search', 3)] }, { stepsPerEpoch: 10 });
    steps(time, { epoch: 0, seconds: 9, to: 1 });
    steps(time, { epoch: 0, seconds: 1, from: 2 });
    time.epoch({ epoch: 0, seconds: 4 });
    expect(time.left({ epoch: 0, step: 10 })).toBeCloseTo(20 + 3 * 4, 9);
    time.step({ epoch: 1, step: 1, seconds: 31 });
    expect(time.perStep(1)).toBeCloseTo(1, 9);
    expect(time.left({ epoch: 1, step: 1 })).toBeCloseTo(19 + 30 + 2 * 4, 9);
  });

  it('is known after one step of a run that was resumed', () => {
    const time = timeLeft(plan, { stepsPerEpoch: 10, forecast: forecastOf([search, search, selection]) });
    steps(time, { epoch: 1, seconds: 2, from: 8, to: 8 });
    expect(time.left({ epoch: 1, step: 8 })).toBeCloseTo(2 * (2 + 20 + 2 + 3), 9);
  });
});
