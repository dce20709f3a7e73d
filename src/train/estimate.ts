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

const PIXELS = 8 * 32 * 32; // of the smaller probe: at the paper's sizes, both together cost less than one step of the search

/** Two small batches, or what there is of them below the search's own. */
const probedBatches = ({ method, settings }: Recipe, { imageSize }: DataSizes): [number, number] => {
  const few = Math.floor(PIXELS / (imageSize ** 2 * method.streams.length));
  const second = Math.min(2 * Math.min(8, Math.max(1, few)), settings.batchSize);
  return [Math.ceil(second / 2), second];
};

const tensorBytes = ({ peak, held }: Probe): number => Math.max(peak, held);

/**
 * Predicts memory and time from miniature searches on two small batches: both grow with the batch on a straight line, and what the process holds
 * beside tensors stays as it is. Nothing of the search itself is touched. `loaded` says that the process holds the images already.
 */
export const estimate = async (
  recipe: Recipe,
  sizes: DataSizes,
  { loaded = false }: { loaded?: boolean } = {},
): Promise<Estimate> => {
  const { batchSize } = recipe.settings;
  const freeMemoryBytes = freeMemory();
  const [few, more] = probedBatches(recipe, sizes);
  const first = await probe(recipe, { batch: few, sizes });
  // Whoever has no memory for the second probe needs none to know that the search has none either.
  const grown = first.besides + (tensorBytes(first) * more) / few;
  const last = more === few || grown > freeMemoryBytes ? first : await probe(recipe, { batch: more, sizes });
  const along = (of: (measured: Probe) => number) => lineThrough([first.batch, of(first)], [last.batch, of(last)]);

  const { trainImages, validImages, testImages, imageSize, channels } = sizes;
  const images = loaded ? 0 : (trainImages + validImages + testImages) * imageSize ** 2 * channels;
  const tensors = along(tensorBytes);
  const memory = { ...tensors, a: tensors.a + last.besides + images };

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
    // What loading the data took at its height is part of the process' peak as well.
    expectedMemoryBytes: Math.round(Math.max(at(memory, batchSize), process.resourceUsage().maxRSS * 1024)),
    freeMemoryBytes,
    largestBatch: Math.min(largestWithin(memory, freeMemoryBytes), Number.MAX_SAFE_INTEGER),
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
