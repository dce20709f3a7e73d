import { type Dataset, type ImageSet, Rng } from '../../src/data/index.js';
import { singleBranch } from '../../src/method/index.js';
import type { Recipe, Settings } from '../../src/train/index.js';

const CLASSES = ['a', 'b', 'c'];

const images = (counts: readonly number[], rng: Rng): ImageSet => {
  const labels = Uint16Array.from(counts.flatMap((n, c) => new Array<number>(n).fill(c)));
  // Classes differ in brightness, so that there is something to learn.
  const pixels = Uint8Array.from({ length: labels.length * 8 * 8 * 3 }, (_, i) =>
    Math.min(255, rng.below(128) + 60 * (labels[Math.floor(i / 192)] ?? 0)),
  );
  return { images: pixels, labels, height: 8, width: 8, channels: 3 };
};

/** A long-tailed data set of three classes and 8×8 images, made up. */
export const tinyDataset = (): Dataset => {
  const rng = new Rng(1, 'tiny');
  const counts = { train: [8, 4, 2], valid: [3, 2, 1], test: [2, 2, 2] };
  return {
    name: 'tiny',
    classes: CLASSES,
    channels: 3,
    imageSize: 8,
    counts,
    train: images(counts.train, rng),
    valid: images(counts.valid, rng),
    test: images(counts.test, rng),
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
    augment: { pad: 1, flip: true },
    fingerprint: 'tiny',
    skipped: [],
  };
};

/** A search of a network that takes milliseconds a step. */
export const tinyRecipe = (settings: Partial<Settings> = {}): Recipe => ({
  name: 'tiny',
  label: 'tiny',
  method: singleBranch(),
  settings: {
    epochs: 2,
    batchSize: 4,
    channels: 4,
    layers: 2,
    nodes: 2,
    order: 1,
    weightLr: 0.025,
    weightLrMin: 0.001,
    momentum: 0.9,
    weightDecay: 3e-4,
    gradClip: 5,
    archLr: 3e-4,
    archOptimizer: 'adam',
    archWeightDecay: 1e-3,
    ...settings,
  },
});
