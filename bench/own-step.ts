// Times our search step on random images and prints one line of JSON, as bench/pytorch/step_time.py does for PyTorch. bench/step.ts runs it.
import { parseArgs } from 'node:util';
import { crossEntropy } from '../src/loss/index.js';
import { heterogeneous, singleBranch, type TensorBatch } from '../src/method/index.js';
import { adam, archOptimizer, sgd } from '../src/optim/index.js';
import { paperSettings } from '../src/recipes/index.js';
import { constant, product } from '../src/schedule/index.js';
import { softmaxRelaxation } from '../src/space/index.js';
import { channelsLast, randn, rng, scope, tensor, threads } from '../src/tensor/index.js';
import { searchStep } from '../src/train/index.js';
import { median } from './python.js';

const { values } = parseArgs({
  options: {
    method: { type: 'string', default: 'darts' },
    batch: { type: 'string', default: '32' },
    channels: { type: 'string', default: '16' },
    layers: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    steps: { type: 'string', default: '3' },
  },
});
const [batch, channels, layers] = [values.batch, values.channels, values.layers].map(Number);
threads.set(Number(values.threads));
rng.seed(0);
const settings = { ...paperSettings, batchSize: batch ?? 1, channels: channels ?? 1, layers: layers ?? 1 };
const shape = { ...settings, classes: 10, inputChannels: 3 };
const MIXING = 0.5;
const method = values.method === 'hls' ? heterogeneous(constant(MIXING)) : singleBranch();
const net = method.build(shape, { relax: softmaxRelaxation });
const weights = sgd(net.store.flat, settings);
const arch = archOptimizer(net.alphas, {
  rates: (component) => product(constant(3e-4), method.archLr?.[component] ?? constant(1)),
  make: (value) => adam(value, { betas: [0.5, 0.999], weightDecay: 1e-3 }),
});
const criterion = crossEntropy().build([]);
const random = (): TensorBatch => ({
  images: scope(() => channelsLast(randn([settings.batchSize, 3, 32, 32]))),
  labels: tensor(BigInt64Array.from({ length: settings.batchSize }, (_, i) => BigInt(i % 10))),
});
const [train, valid] = [method.streams.map(random), method.streams.map(random)];
const step = (): number => {
  const from = performance.now();
  scope(() =>
    searchStep(
      { net, weights, arch, criterion, settings },
      { train, valid, t: 0, mixing: method.mixing?.(0) ?? null, lr: 0.025, where: { epoch: 0, step: 0 } },
    ),
  );
  return (performance.now() - from) / 1000;
};
step();
const seconds = Array.from({ length: Number(values.steps) }, step);
console.log(
  JSON.stringify({
    median: median(seconds),
    min: Math.min(...seconds),
    max: Math.max(...seconds),
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  }),
);
