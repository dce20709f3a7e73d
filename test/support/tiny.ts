import { type Dataset, type ImageSet, Rng } from '../../src/data/index.js';
import { type Continuation, experiments, hlsSearch, type Plan, type Values } from '../../src/experiment/index.js';
import { type Live, type LoopEvent, type LoopOptions, type Phase, runPhases } from '../../src/loop/index.js';

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
    available: counts.train,
    tail: { imbalance: 'natural', imbalanceRatio: 1 },
    fit: 'cover',
    counts,
    train: images(counts.train, rng),
    valid: images(counts.valid, rng),
    test: images(counts.test, rng),
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
    augment: 'crop(1) + flip',
    fingerprint: 'tiny',
    skipped: [],
  };
};

/** Sizes and rates of a search that takes milliseconds per step. */
const TINY: Values = {
  epochs: 2,
  batchSize: 4,
  channels: 4,
  layers: 2,
  nodes: 2,
  weightLr: 0.025,
  archLr: 3e-4,
};

/** A search of a network that takes milliseconds per step: DARTS unless another recipe is named. */
export const tinyPlan = (values: Values = {}, recipe = 'darts'): Plan => {
  const experiment = experiments.named(recipe);
  const own = Object.entries(TINY).filter(([name]) => name in experiment.options.shape);
  return experiment.with({ ...Object.fromEntries(own), ...values });
};

/** HLS at the same sizes, and what follows it. */
export const tinyContinued = (continued: readonly Continuation[], values: Values = {}): Plan => {
  const { defaults } = experiments.named('hls');
  return hlsSearch({ name: 'tiny', label: 'tiny', defaults }, { continued }).with({ ...TINY, ...values });
};

/** A run of phases on the tiny data, in batches of four. */
export const tinyRun = (phases: readonly Phase[], options: Partial<LoopOptions> = {}): Live =>
  runPhases(phases, { dataset: tinyDataset(), batchSize: 4, ...options });

/** The state of a run as one piece. */
export const bytesOf = (live: Live): Buffer => Buffer.concat(live.snapshot().bytes);

/** An event without what the clock says. */
export const timeless = (event: LoopEvent): unknown => {
  if (event.type === 'step') return { ...event, seconds: 0 };
  return event.type === 'epoch' ? { ...event.record, seconds: 0, imagesPerSecond: 0 } : event;
};

/** All that still happens in a run. */
export const rest = async (live: Live): Promise<unknown[]> => {
  const events: unknown[] = [];
  for await (const event of live) events.push(timeless(event));
  return events;
};

/** Everything that happens after `stop`, the state before it and at the end, and the records before it. Ends the run. */
export const watched = async (live: Live, stop: (event: LoopEvent) => boolean) => {
  const events: unknown[] = [];
  const records: NonNullable<LoopOptions['records']>[number][] = [];
  let middle: Buffer | undefined;
  for await (const event of live) {
    if (middle !== undefined) events.push(timeless(event));
    else {
      if (event.type === 'epoch') records.push(event.record);
      if (stop(event)) middle = bytesOf(live);
    }
  }
  const end = bytesOf(live);
  live.dispose();
  if (middle === undefined) throw new Error('the run never came there');
  return { events, records, middle, end };
};
