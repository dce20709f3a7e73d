import type { Dataset } from '../data/index.js';
import { type DataSizes, sizesOf } from './data-request.js';
import { at, largestWithin, lineThrough, type MemoryNeed, requireFit } from './fit.js';
import { freeMemory } from './free-memory.js';
import { type Phase, phasesOf } from './phase.js';
import { type Probe, probe } from './probe.js';
import type { Recipe } from './recipe.js';

/** What a search is expected to need on this machine. */
export interface Estimate extends MemoryNeed {
  readonly weights: number;
  readonly stepsPerEpoch: number;
  readonly expectedSeconds: number;
  /** Of the phase that takes longest. */
  readonly expectedSecondsPerEpoch: number;
}

const PIXELS = 8 * 32 * 32; // of the smallest probe, so that large images need no large memory
const GROWTH = 30e6; // bytes that V8's heap and what libtorch loads late add to a process over a search
const ENOUGH = 192e6; // bytes of tensors; below it, what the allocator keeps for reuse has not settled to its share

const tensorBytes = ({ peak, held }: Probe): number => Math.max(peak, held);

/** The two largest of a few probes, each of twice the batch of the one before: all together they cost less than two steps of the search itself. */
const probePair = async (
  recipe: Recipe,
  { sizes, free }: { sizes: DataSizes; free: number },
): Promise<[Probe, Probe]> => {
  const { batchSize } = recipe.settings;
  const few = Math.floor(PIXELS / (sizes.imageSize ** 2 * recipe.method.streams.length));
  const batch = Math.max(1, Math.min(8, few, Math.floor(batchSize / 2)));
  let pair: [Probe, Probe] | undefined;
  let last = await probe(recipe, { batch, sizes });
  for (;;) {
    const next = Math.min(2 * last.batch, pair === undefined ? batchSize : Math.floor(batchSize / 2));
    const settled = pair !== undefined && tensorBytes(last) >= ENOUGH;
    // Where there is no memory for a probe of twice the size there is none for the search either, and nothing more to find out.
    const fits = last.besides + 2 * tensorBytes(last) <= free;
    if (next < 2 * last.batch || settled || !fits) return pair ?? [last, last];
    const larger = await probe(recipe, { batch: next, sizes });
    pair = [last, larger];
    last = larger;
  }
};

/**
 * Predicts memory and time from miniature searches on small batches: both grow with the batch on a straight line, and what the process holds
 * beside tensors stays as it is. Nothing of the search itself is touched. `loaded` says that the process holds the images already.
 */
export const estimate = async (
  recipe: Recipe,
  sizes: DataSizes,
  { loaded = false }: { loaded?: boolean } = {},
): Promise<Estimate> => {
  const { batchSize } = recipe.settings;
  const freeMemoryBytes = freeMemory();
  const [first, last] = await probePair(recipe, { sizes, free: freeMemoryBytes });
  const along = (of: (measured: Probe) => number) => lineThrough([first.batch, of(first)], [last.batch, of(last)]);

  const { trainImages, validImages, testImages, imageSize, channels } = sizes;
  const images = loaded ? 0 : (trainImages + validImages + testImages) * imageSize ** 2 * channels;
  const tensors = along(tensorBytes);
  const memory = { ...tensors, a: tensors.a + last.besides + GROWTH + images };

  // Loading the data may have taken more for a while: that is in the process' peak as well.
  const taken = process.resourceUsage().maxRSS * 1024;

  const stepsPerEpoch = Math.ceil(trainImages / batchSize);
  const validations = Math.ceil(validImages / batchSize);
  const seconds = (phase: Phase, what: 'step' | 'validation'): number =>
    at(
      along(({ seconds: measured }) => measured.get(phase.name)?.[what] ?? 0),
      batchSize,
    );
  const perEpoch = (phase: Phase): number =>
    stepsPerEpoch * seconds(phase, 'step') + validations * seconds(phase, 'validation');
  const phases = phasesOf(recipe);
  const tested = Math.ceil(testImages / batchSize) + (recipe.method.mixing === undefined ? 0 : validations);
  return {
    weights: first.weights,
    stepsPerEpoch,
    expectedMemoryBytes: Math.round(Math.max(at(memory, batchSize), taken)),
    freeMemoryBytes,
    largestBatch: taken > freeMemoryBytes ? 0 : largestWithin(memory, freeMemoryBytes),
    expectedSeconds:
      phases.reduce((sum, phase) => sum + phase.epochs * perEpoch(phase), 0) +
      tested * seconds(phases[0], 'validation'),
    expectedSecondsPerEpoch: Math.max(...phases.map(perEpoch)),
  };
};

/**
 * What a run is expected to need, now that its data is loaded. Throws a MemoryError when that is more memory than it can have, unless told to `force`
 * it. Of other devices than the CPU nothing is known.
 */
export const foresee = async (
  recipe: Recipe,
  {
    dataset,
    device,
    action,
    force = false,
  }: { dataset: Dataset; device: string; action: 'search' | 'resume'; force?: boolean | undefined },
): Promise<Estimate | undefined> => {
  if (device !== 'cpu') return undefined;
  const expected = await estimate(recipe, sizesOf(dataset), { loaded: true });
  if (!force) requireFit(expected, { action });
  return expected;
};
