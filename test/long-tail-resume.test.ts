import { describe, expect, it } from 'vitest';
import { experiments, training, type Values } from '../src/experiment/index.js';
import type { Phase } from '../src/loop/index.js';
import { liveTensors } from '../src/tensor/index.js';
import { bytesOf, rest, tinyPlan, tinyRun, watched } from './support/tiny.js';

const resnet = training({ name: 'resnet(8)', genotypes: null });
const trained = (values: Values): readonly Phase[] =>
  resnet.with({ channels: 1, epochs: 3, batchSize: 4, ...values }).phases;

const runs: readonly [string, readonly Phase[]][] = [
  ['LDAM with deferred weights', trained({ loss: 'ldam', classifier: 'cosine', reweight: 'step(0.5)' })],
  ['a fixed frame by dot regression', trained({ loss: 'dot-regression', classifier: 'etf', channels: 2 })],
  ['under-sampling', trained({ sampling: 'under' })],
  ['square-root sampling', trained({ sampling: 'square-root', loss: 'focal' })],
  ['a search with a frame', tinyPlan({ classifier: 'etf(10)', epochs: 3, channels: 2 }, 'hls').phases],
  [
    'a search by LDAM',
    tinyPlan({ classifier: 'cosine', loss: 'ldam', epochs: 3, sampling: 'effective-number' }).phases,
  ],
];

describe('training for a long tail', () => {
  it.each(runs)('is resumed to the byte: %s', async (_, phases) => {
    const place = { epoch: 1, step: 2 };
    const { events, records, middle, end } = await watched(
      tinyRun(phases),
      (event) => event.type === 'step' && event.epoch === place.epoch && event.step === place.step,
    );
    const resumed = tinyRun(phases, { resume: middle, records, seed: 0 });
    expect(bytesOf(resumed).equals(middle)).toBe(true);
    expect(await rest(resumed)).toEqual(events);
    expect(bytesOf(resumed).equals(end)).toBe(true);
    resumed.dispose();
    const numbers = events.flatMap((event) => Object(event).trainLoss ?? []);
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers.every(Number.isFinite)).toBe(true);
  });

  it('leaves no tensor behind', async () => {
    const phases = trained({ loss: 'dot-regression', classifier: 'etf', channels: 2, reweight: 'constant(1)' });
    const before = liveTensors();
    for (let i = 0; i < 2; i++) {
      const live = tinyRun(phases);
      await rest(live);
      live.dispose();
    }
    expect(liveTensors()).toBe(before);
  });

  it('learns with a classifier of every kind: the loss falls', async () => {
    // All images in every step.
    for (const values of [
      { loss: 'ldam', classifier: 'cosine' },
      { loss: 'dot-regression', classifier: 'etf' },
      { loss: 'cross-entropy', classifier: 'etf(10)' },
    ]) {
      const live = tinyRun(trained({ ...values, channels: 4, epochs: 25, lr: 0.05 }), { batchSize: 14 });
      const losses = (await rest(live)).flatMap((event) => Object(event).trainLoss ?? []);
      live.dispose();
      expect(losses.at(-1), `${values.loss}: ${losses}`).toBeLessThan(0.7 * losses[0]);
    }
  });

  it('changes nothing of a search that does not ask for it', () => {
    expect(experiments.named('darts').with({}).values).toMatchObject({ classifier: 'linear', loss: 'cross-entropy' });
  });
});
