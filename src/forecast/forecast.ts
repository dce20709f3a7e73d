import { type Plan, stepsOf } from '../experiment/index.js';
import type { Phase } from '../loop/index.js';
import { at, largestWithin, lineThrough } from './line.js';
import { freeMemory, type MemoryNeed } from './memory.js';
import { type DataSizes, type Probe, probe } from './probe.js';

/** What a run is expected to need on this machine. */
export interface Forecast extends MemoryNeed {
  readonly weights: number;
  /** For one image when it is tested; of a network that is trained. */
  readonly multiplyAdds?: number | undefined;
  readonly stepsPerEpoch: number;
  readonly expectedSeconds: number;
  /** Of the phase that takes longest. */
  readonly expectedSecondsPerEpoch: number;
  /** Of the same phase. */
  readonly expectedSecondsPerStep: number;
}

const PIXELS = 8 * 32 * 32; // of the smallest probe, so that large images need no large memory
const GROWTH = 30e6; // bytes that V8's heap and what libtorch loads late add to a process over a run
const ENOUGH = 192e6; // bytes of tensors; below it, what the allocator keeps for reuse has not settled to its share

/** The processes that carry a run out, and how many of them are on this machine. */
export interface Processes {
  readonly all: number;
  readonly here: number;
}

const ONE: Processes = { all: 1, here: 1 };

const tensorBytes = ({ peak, held }: Probe): number => Math.max(peak, held);

const trainStreams = ({ streams }: Plan): number => streams.filter(({ part }) => part === 'train').length;

/**
 * The two largest of a few probes, each of twice the batch of the one before: all together they cost less than two
 * steps of the search itself.
 */
const probePair = async (
  plan: Plan,
  { sizes, free, batchSize }: { sizes: DataSizes; free: number; batchSize: number },
): Promise<[Probe, Probe]> => {
  const few = Math.floor(PIXELS / (sizes.imageSize ** 2 * trainStreams(plan)));
  const batch = Math.max(1, Math.min(8, few, Math.floor(batchSize / 2)));
  let pair: [Probe, Probe] | undefined;
  let last = await probe(plan, { batch, sizes });
  for (;;) {
    const next = Math.min(2 * last.batch, pair === undefined ? batchSize : Math.floor(batchSize / 2));
    const settled = pair !== undefined && tensorBytes(last) >= ENOUGH;
    // Where there is no memory for a probe of twice the size there is none for the run either, and nothing more to find
    // out.
    const fits = last.besides + 2 * tensorBytes(last) <= free;
    if (next < 2 * last.batch || settled || !fits) return pair ?? [last, last];
    const larger = await probe(plan, { batch: next, sizes });
    pair = [last, larger];
    last = larger;
  }
};

/**
 * Predicts memory and time from miniature runs on small batches: both are linear in the batch, and the memory of the
 * process other than tensors is constant. Nothing of the run itself is touched. `loaded` says that the process holds
 * the images already. Of several processes each has its share of every batch, and all images: memory is that of all
 * that are on this machine, time leaves out what they wait for one another.
 */
export const forecast = async (
  plan: Plan,
  sizes: DataSizes,
  { loaded = false, processes = ONE }: { loaded?: boolean; processes?: Processes } = {},
): Promise<Forecast> => {
  const { phases } = plan;
  const { all, here } = processes;
  const batchSize = plan.batchSize / all;
  const freeMemoryBytes = freeMemory(loaded ? here : 1);
  const [first, last] = await probePair(plan, { sizes, free: freeMemoryBytes / here, batchSize });
  const along = (of: (measured: Probe) => number) => lineThrough([first.batch, of(first)], [last.batch, of(last)]);

  const { trainImages, validImages, testImages, imageSize, channels } = sizes;
  const images = loaded ? 0 : (trainImages + validImages + testImages) * imageSize ** 2 * channels;
  const tensors = along(tensorBytes);
  const memory = { ...tensors, a: tensors.a + last.besides + GROWTH + images };

  // Loading the data may have taken more for a while: that is in the process' peak as well.
  const taken = process.resourceUsage().maxRSS * 1024;

  const stepsPerEpoch = stepsOf(plan, trainImages);
  const validations = Math.ceil(validImages / plan.batchSize);
  const seconds = (phase: Phase | undefined, what: 'step' | 'validation'): number =>
    at(
      along(({ seconds: measured }) => measured.get(phase?.name ?? '')?.[what] ?? 0),
      batchSize,
    );
  const perEpoch = (phase: Phase): number =>
    (phase.steps ?? stepsPerEpoch) * seconds(phase, 'step') + validations * seconds(phase, 'validation');
  // A network that answers at several settings is tested on the validation images as well.
  const chosen = trainStreams(plan) > 1 ? Math.ceil(validImages / batchSize) : 0;
  const tested = Math.ceil(testImages / batchSize) + chosen;
  return {
    weights: first.weights,
    multiplyAdds: first.multiplyAdds,
    stepsPerEpoch,
    expectedMemoryBytes: Math.round(here * Math.max(at(memory, batchSize), taken)),
    freeMemoryBytes,
    largestBatch: taken > freeMemoryBytes / here ? 0 : all * largestWithin(memory, freeMemoryBytes / here),
    expectedSeconds:
      phases.reduce((sum, phase) => sum + phase.epochs * perEpoch(phase), 0) +
      tested * seconds(phases[0], 'validation'),
    expectedSecondsPerEpoch: Math.max(...phases.map(perEpoch)),
    expectedSecondsPerStep: seconds(phases.toSorted((a, b) => perEpoch(b) - perEpoch(a))[0], 'step'),
  };
};
