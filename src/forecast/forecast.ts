import { type Plan, stepsOf } from '../experiment/index.js';
import { type ExpectedEpoch, expectedEpochs, tensorLines, validationSeconds } from './cost.js';
import { at, largestWithin } from './line.js';
import { freeMemory, type MemoryNeed } from './memory.js';
import { type DataSizes, type Probe, probe } from './probe.js';

/** What a run is expected to need on this machine. */
export interface Forecast extends MemoryNeed {
  readonly weights: number;
  /** For one image when it is tested; of a network that is trained. */
  readonly multiplyAdds?: number | undefined;
  readonly stepsPerEpoch: number;
  readonly expectedSeconds: number;
  /** Of the phase whose epochs take longest, in the mean over its epochs. */
  readonly expectedSecondsPerEpoch: number;
  /** Of the same phase. */
  readonly expectedSecondsPerStep: number;
  /** Of all phases, if none ends early. */
  readonly expectedEpochs: readonly ExpectedEpoch[];
}

const PIXELS = 8 * 32 * 32; // of the smallest probe, so that large images need no large memory
const LEAST_BATCH = 2; // a batch norm after global pooling has nothing to normalise in one image
const GROWTH = 30e6; // bytes that V8's heap and what libtorch loads late add to a process over a run
const ENOUGH = 192e6; // bytes of tensors; below it, what the allocator keeps for reuse has not settled to its share

/** The processes that carry a run out, and how many of them are on this machine. */
export interface Processes {
  readonly all: number;
  readonly here: number;
}

const ONE: Processes = { all: 1, here: 1 };

const trainStreams = ({ streams }: Plan): number => streams.filter(({ part }) => part === 'train').length;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const secondsOf = ({ first, steps, perStep, last }: ExpectedEpoch): number => first + steps * perStep + last;

/**
 * The two largest of a few probes, each of twice the batch of the one before: all together they cost less than two
 * steps of the search itself.
 */
const probePair = async (
  plan: Plan,
  { sizes, free, batchSize }: { sizes: DataSizes; free: number; batchSize: number },
): Promise<[Probe, Probe]> => {
  const few = Math.floor(PIXELS / (sizes.imageSize ** 2 * trainStreams(plan)));
  const batch = Math.min(batchSize, Math.max(LEAST_BATCH, Math.min(8, few, Math.floor(batchSize / 2))));
  let pair: [Probe, Probe] | undefined;
  // Images of each, so that all classes are among them.
  const perBatch = Math.ceil(sizes.classes / batch);
  const measure = (of: number) => probe(plan, { batch: of, images: of * perBatch, sizes });
  let last = await measure(batch);
  for (;;) {
    const next = Math.min(2 * last.batch, pair === undefined ? batchSize : Math.floor(batchSize / 2));
    const settled = pair !== undefined && last.bytes >= ENOUGH;
    // Where there is no memory for a probe of twice the size there is none for the run either, and nothing more to find
    // out.
    const fits = last.besides + 2 * last.bytes <= free;
    if (next < 2 * last.batch || settled || !fits) return pair ?? [last, last];
    const larger = await measure(next);
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
  const { all, here } = processes;
  const batchSize = plan.batchSize / all;
  const freeMemoryBytes = freeMemory(loaded ? here : 1);
  const free = freeMemoryBytes / here;
  const probes = await probePair(plan, { sizes, free, batchSize });
  const [{ weights, multiplyAdds }, { besides }] = probes;
  const measured = { probes, batchSize, sizes };

  const { trainImages, validImages, testImages, imageSize, channels } = sizes;
  const images = loaded ? 0 : (trainImages + validImages + testImages) * imageSize ** 2 * channels;
  const lines = tensorLines(plan, measured).map(({ a, b }) => ({ a: a + besides + GROWTH + images, b }));

  // Loading the data may have taken more for a while: that is in the process' peak as well.
  const taken = process.resourceUsage().maxRSS * 1024;

  const epochs = expectedEpochs(plan, measured);
  const ofPhase = (name: string, of: (epoch: ExpectedEpoch) => number): number => {
    const own = epochs.filter(({ phase }) => phase === name);
    return own.length === 0 ? 0 : sum(own.map(of)) / own.length;
  };
  const names = plan.phases.map(({ name }) => name);
  const longest = names.toSorted((a, b) => ofPhase(b, secondsOf) - ofPhase(a, secondsOf))[0] ?? '';
  // A network that answers at several settings is tested on the validation images as well.
  const chosen = trainStreams(plan) > 1 ? Math.ceil(validImages / batchSize) : 0;
  const tested = Math.ceil(testImages / batchSize) + chosen;
  return {
    weights,
    multiplyAdds,
    stepsPerEpoch: stepsOf(plan, trainImages),
    expectedMemoryBytes: Math.round(here * Math.max(taken, ...lines.map((line) => at(line, batchSize)))),
    freeMemoryBytes,
    largestBatch: taken > free ? 0 : all * Math.min(...lines.map((line) => largestWithin(line, free))),
    expectedSeconds: sum(epochs.map(secondsOf)) + tested * validationSeconds(plan, measured),
    expectedSecondsPerEpoch: ofPhase(longest, secondsOf),
    expectedSecondsPerStep: ofPhase(longest, ({ perStep }) => perStep),
    expectedEpochs: epochs,
  };
};
