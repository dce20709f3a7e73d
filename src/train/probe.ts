import type { Dataset, ImageSet } from '../data/index.js';
import { memory, rng } from '../tensor/index.js';
import type { DataSizes } from './data-request.js';
import type { Recipe } from './recipe.js';
import { type Search, search } from './search.js';

/** What the phases of a recipe come to at one size of batch, in bytes, and in seconds by the name of a phase. */
export interface Probe {
  readonly batch: number;
  readonly weights: number;
  /** The most that tensors took at once. */
  readonly peak: number;
  /** What they held at the end, blocks for reuse included. */
  readonly held: number;
  /** What the process held beside them. */
  readonly besides: number;
  readonly seconds: ReadonlyMap<string, { readonly step: number; readonly validation: number }>;
}

const STEPS = 2; // of each phase: the first pays for memory and caches that a search pays for once

const blank = (n: number, { channels, imageSize }: DataSizes): ImageSet => ({
  images: Uint8Array.from({ length: n * imageSize * imageSize * channels }, (_, i) => (i * 97) % 251),
  labels: new Uint16Array(n),
  height: imageSize,
  width: imageSize,
  channels,
});

const blankData = (batch: number, sizes: DataSizes): Dataset => {
  const ones = new Array<number>(sizes.classes).fill(1);
  const [train, few] = [blank(STEPS * batch, sizes), blank(batch, sizes)];
  return {
    name: 'blank',
    classes: ones.map(String),
    channels: sizes.channels,
    imageSize: sizes.imageSize,
    counts: { train: ones, valid: ones, test: ones },
    train,
    valid: few,
    test: few,
    mean: new Array<number>(sizes.channels).fill(0.5),
    std: new Array<number>(sizes.channels).fill(0.25),
    augment: { pad: 0, flip: false },
    fingerprint: '',
    skipped: [],
  };
};

/** Searches in miniature: every phase of a recipe for a few steps on blank images, with a network of its own. The random state stays as it was. */
export const probe = async (recipe: Recipe, { batch, sizes }: { batch: number; sizes: DataSizes }): Promise<Probe> => {
  const { method, settings } = recipe;
  const random = rng.state();
  memory.trim();
  memory.resetPeak();
  let live: Search | undefined;
  try {
    live = search(
      {
        ...recipe,
        // Blank images have one class only; how batches are drawn costs nothing. Without a learning rate nothing can diverge.
        method: { ...method, streams: method.streams.map(() => 'instance') },
        settings: { ...settings, batchSize: batch, epochs: 1, weightLr: 0, weightLrMin: 0 },
      },
      { dataset: blankData(batch, sizes) },
    );
    const seconds = new Map<string, { step: number; validation: number }>();
    let step = Number.POSITIVE_INFINITY;
    let from = 0;
    let validation = 0;
    for await (const event of live) {
      if (event.type === 'step') {
        step = Math.min(step, event.seconds);
        from = performance.now();
      } else if (event.type === 'validation') validation = (performance.now() - from) / 1000;
      else {
        seconds.set(event.record.phase, { step, validation });
        step = Number.POSITIVE_INFINITY;
      }
    }
    live.snapshot();
    const { live: used, kept, peak } = memory.stats();
    const held = used + kept;
    return { batch, weights: live.weights, peak, held, besides: process.memoryUsage().rss - held, seconds };
  } finally {
    live?.dispose();
    memory.trim();
    memory.resetPeak();
    rng.restore(random);
  }
};
