import { expect, it } from 'vitest';
import { batchToTensors, parseAugment } from '../src/augment/index.js';
import { stream } from '../src/data/index.js';
import { experiments, scaled } from '../src/experiment/index.js';
import { forecast } from '../src/forecast/index.js';
import type { DataSizes } from '../src/forecast/probe.js';
import { scope, threads } from '../src/tensor/index.js';

it('preparing the batches of a step costs under 5 % of it, at the smallest scale', async () => {
  threads.set(1);
  const plan = scaled(experiments.named('darts'), { scale: 'smoke', values: { epochs: 1 } });
  const size = 28;
  const images = 512;
  const set = {
    images: Uint8Array.from({ length: images * size * size }, (_, i) => i % 251),
    labels: Uint16Array.from({ length: images }, (_, i) => i % 10),
    height: size,
    width: size,
    channels: 1,
  };
  const batches = stream(set, {
    sampling: 'instance',
    batchSize: plan.batchSize,
    classes: 10,
    augment: parseAugment('crop(2) + flip'),
    seed: 0,
    name: 'train',
  });
  const toTensors = batchToTensors({ ...set, mean: [0.1], std: [0.3] });
  const prepare = () => scope(() => void toTensors(batches.next()));
  for (let i = 0; i < 20; i++) prepare();
  const from = performance.now();
  const rounds = 50;
  for (let i = 0; i < rounds; i++) prepare();
  const perBatch = (performance.now() - from) / 1000 / rounds;

  const sizes: DataSizes = {
    classes: 10,
    channels: 1,
    imageSize: size,
    trainImages: 64,
    validImages: 0,
    testImages: 0,
  };
  const { expectedSeconds: step } = await forecast(plan, sizes);
  expect((2 * perBatch) / step).toBeLessThan(0.05); // a step draws a training and a validation batch
});
