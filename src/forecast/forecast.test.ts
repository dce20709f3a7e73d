import { expect, it } from 'vitest';
import { experiments, scaled, training } from '../experiment/index.js';
import { namedGenotype } from '../space/index.js';
import { liveTensors, rng } from '../tensor/index.js';
import { forecast } from './forecast.js';

const sizes = { classes: 12, channels: 3, imageSize: 16, trainImages: 20, validImages: 8, testImages: 8 } as const;
const tiny = { epochs: 4, batchSize: 4, channels: 2, layers: 3, nodes: 1 };

it.each(['darts', 'hls', 'hls-continued-frozen'])('leaves random state and tensors as they were: %s', async (name) => {
  rng.seed(5);
  const [state, live] = [rng.state(), liveTensors()];
  const expected = await forecast(scaled(experiments.named(name), { scale: 'smoke', values: tiny }), sizes);
  expect(rng.state()).toEqual(state);
  expect(liveTensors()).toBe(live);
  expect(expected.stepsPerEpoch).toBe(5);
  expect(expected.expectedSecondsPerEpoch).toBeGreaterThan(0);
  expect(expected.expectedSeconds).toBeGreaterThan(3 * expected.expectedSecondsPerEpoch);
  expect(expected.largestBatch).toBeGreaterThan(4);
});

it.each([
  ['an auxiliary head', {}],
  ['a fixed classifier', { auxiliary: 0, classifier: 'etf' }],
])('probes large images with two at least, since %s cannot normalise one', async (_, values) => {
  const cells = training({ name: 'darts-v2', genotypes: { backbone: namedGenotype('darts-v2') ?? {} } });
  const plan = cells.with({ epochs: 1, batchSize: 3, channels: 4, layers: 3, ...values });
  for (const imageSize of [16, 96]) expect((await forecast(plan, { ...sizes, imageSize })).weights).toBeGreaterThan(0);
  await expect(forecast(cells.with({ ...plan.values, batchSize: 1 }), sizes)).rejects.toThrow(
    /^Cannot normalise a batch: it must have more than 1 value per channel, got \[1, .*use a larger --batch-size/,
  );
});
