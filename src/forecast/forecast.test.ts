import { expect, it } from 'vitest';
import { experiments, scaled } from '../experiment/index.js';
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
