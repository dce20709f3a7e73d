import type { Batch } from '../data/index.js';
import { crossEntropy } from '../loss/index.js';
import type { SearchNet, TensorBatch } from '../method/index.js';
import { adam, archOptimizer, sgd } from '../optim/index.js';
import { constant } from '../schedule/index.js';
import { softmaxRelaxation } from '../space/index.js';
import { memory, noGrad, rng, scope } from '../tensor/index.js';
import { batchToTensors } from './batches.js';
import { phasesOf, totalEpochs } from './phase.js';
import type { Recipe } from './recipe.js';
import { searchStep } from './step.js';

/** The sizes of the data that a search would run on. */
export interface DataSizes {
  readonly classes: number;
  readonly channels: number;
  readonly imageSize: number;
  readonly trainImages: number;
  readonly validImages: number;
  readonly testImages: number;
}

/** What a search is expected to need on this machine. */
export interface Estimate {
  readonly weights: number;
  readonly stepsPerEpoch: number;
  /** Peak resident memory of the process. */
  readonly expectedMemoryBytes: number;
  readonly expectedSeconds: number;
}

const PROBES = [4, 8] as const;

/** A straight line through two measurements, at x; noise cannot turn it below the larger one, nor above proportion to it. */
const extrapolate = (points: readonly (readonly [number, number])[], x: number): number => {
  const [[x0, y0] = [0, 0], [x1, y1] = [1, 0]] = points;
  const line = y0 + ((y1 - y0) / (x1 - x0)) * (x - x0);
  const proportional = (y1 * x) / x1;
  return Math.min(Math.max(line, Math.min(y1, proportional)), Math.max(y1, proportional));
};

const blank = (n: number, { channels, imageSize }: DataSizes): Batch => ({
  images: Uint8Array.from({ length: n * imageSize * imageSize * channels }, (_, i) => (i * 97) % 251),
  labels: new Int32Array(n),
});

/** The shorter of two runs: the first pays for memory and caches that a search pays for once. */
const time = (body: () => void): number => {
  const once = (): number => {
    const from = performance.now();
    body();
    return (performance.now() - from) / 1000;
  };
  return Math.min(once(), once(), once());
};

/**
 * Predicts memory and time from steps of a throw-away network on small batches of this machine: both grow with the batch on a straight line.
 * Nothing of the search itself is run, but the random state is left changed.
 */
export const estimate = (recipe: Recipe, data: DataSizes): Estimate => {
  const { settings, method } = recipe;
  const shape = { ...settings, classes: data.classes, inputChannels: data.channels };
  rng.seed(0);
  const net: SearchNet = method.build(shape, { relax: method.relax ?? softmaxRelaxation });
  const weights = sgd(net.store.flat, settings);
  const arch = archOptimizer(net.alphas, { rates: () => constant(0), make: (value) => adam(value) });
  const toTensors = batchToTensors({
    height: data.imageSize,
    width: data.imageSize,
    channels: data.channels,
    mean: new Array<number>(data.channels).fill(0.5),
    std: new Array<number>(data.channels).fill(0.25),
  });
  const criterion = (recipe.loss ?? crossEntropy()).build(new Array<number>(data.classes).fill(1));
  const batches = (n: number): TensorBatch[] => method.streams.map(() => toTensors(blank(n, data)));
  const probe = (n: number) => {
    memory.resetPeak();
    const step = time(() =>
      scope(() =>
        searchStep(
          { net, weights, arch, criterion, settings },
          { train: batches(n), valid: batches(n), t: 0, mixing: 0.5, lr: 0, where: { epoch: 0, step: 0 } },
        ),
      ),
    );
    const { peak } = memory.stats();
    net.store.training = false;
    const forward = time(() => scope(() => noGrad(() => batches(n).map((batch) => net.logits(batch.images)))));
    net.store.training = true;
    return { step, peak, forward: forward / method.streams.length };
  };
  const measured = PROBES.map((n) => ({ n, ...probe(n) }));
  const at = (pick: 'step' | 'peak' | 'forward') =>
    extrapolate(
      measured.map((m) => [m.n, m[pick]] as const),
      settings.batchSize,
    );
  const stepsPerEpoch = Math.ceil(data.trainImages / settings.batchSize);
  const forwards = (images: number): number => Math.ceil(images / settings.batchSize) * at('forward');
  const images = (data.trainImages + data.validImages + data.testImages) * data.imageSize ** 2 * data.channels;
  const result = {
    weights: net.store.size,
    stepsPerEpoch,
    // The allocator keeps freed blocks up to this much beyond what tensors need at most (native/memory.cc).
    expectedMemoryBytes: Math.round(baseBytes() + images + at('peak') * 1.1 + 64 * 2 ** 20),
    expectedSeconds:
      totalEpochs(phasesOf(recipe)) * (stepsPerEpoch * at('step') + forwards(data.validImages)) +
      forwards(data.testImages + (net.mixed === undefined ? 0 : data.validImages)),
  };
  net.dispose();
  for (const t of [...Object.values(weights.state), ...Object.values(arch.state)]) t.dispose();
  return result;
};

/** Resident memory without tensors: Node, libtorch's code, and what the C library keeps. */
const baseBytes = (): number => {
  const { live, kept } = memory.stats();
  return process.memoryUsage().rss - live - kept;
};
