import type { Dataset, ImageSet } from '../data/index.js';
import type { Plan } from '../experiment/index.js';
import type { Learner } from '../learn/index.js';
import { type Live, type Phase, runPhases } from '../loop/index.js';
import { constant } from '../schedule/index.js';
import { memory, rng } from '../tensor/index.js';
import { type Lap, type Stopwatch, stopwatch } from './stopwatch.js';

/** The sizes of the data that a run would learn from. */
export interface DataSizes {
  readonly classes: number;
  readonly channels: 1 | 3;
  readonly imageSize: number;
  readonly trainImages: number;
  readonly validImages: number;
  readonly testImages: number;
}

/** Work that is more than a usual step, as it was measured; at one time. */
export interface MeasuredPart {
  readonly seconds: number;
  readonly peak: number;
  /** Images that it ran on. */
  readonly images: number;
}

/** What a phase comes to at one size of batch: seconds of a step and of a batch of validation, and bytes of tensors. */
export interface MeasuredPhase {
  readonly step: number;
  /** Seconds of a step by what is done in it, as the profiler calls it. */
  readonly within: ReadonlyMap<string, number>;
  readonly validation: number;
  /** The most bytes at once by what is done, but for the parts. */
  readonly peaks: ReadonlyMap<string, number>;
  readonly parts: ReadonlyMap<string, MeasuredPart>;
  /** Says what each epoch of it takes. */
  readonly work: Learner['work'];
}

/** What the phases of a plan come to at one size of batch. */
export interface Probe {
  readonly batch: number;
  readonly weights: number;
  /** For one image when it is tested; of a network that is trained. */
  readonly multiplyAdds: number | undefined;
  /** What the most that tensors took at once grows by, as the allocator keeps blocks for reuse; at least 1. */
  readonly kept: number;
  /** The most that the process took for tensors. */
  readonly bytes: number;
  /** Memory of the process other than that. */
  readonly besides: number;
  /** By name. */
  readonly phases: ReadonlyMap<string, MeasuredPhase>;
}

const STEPS = 2; // of each phase: the first pays for memory and caches that a run pays for once

const ARCH_WAIT = 'archWait';
const isRate = (knob: string): boolean => knob.startsWith('weightLr.');

/** At least one image of every class, so that any sampling can draw. */
const blank = (n: number, { channels, imageSize, classes }: DataSizes): ImageSet => {
  const length = Math.max(n, classes);
  return {
    images: Uint8Array.from({ length: length * imageSize * imageSize * channels }, (_, i) => (i * 97) % 251),
    labels: Uint16Array.from({ length }, (_, i) => i % classes),
    height: imageSize,
    width: imageSize,
    channels,
  };
};

const blankData = (images: number, sizes: DataSizes): Dataset => {
  const ones = new Array<number>(sizes.classes).fill(1);
  // What needs validation images is refused where the run has none; what runs on all of them has one batch.
  const valid = ones.map((_, c) => (c === 0 && sizes.validImages > 0 ? 1 : 0));
  const few = blank(images, sizes);
  return {
    name: 'blank',
    classes: ones.map(String),
    channels: sizes.channels,
    imageSize: sizes.imageSize,
    available: ones,
    tail: { imbalance: 'natural', imbalanceRatio: 1 },
    counts: { train: ones, valid, test: ones },
    train: few,
    valid: few,
    test: few,
    mean: new Array<number>(sizes.channels).fill(0.5),
    std: new Array<number>(sizes.channels).fill(0.25),
    augment: 'none',
    fit: 'cover',
    fingerprint: '',
    skipped: [],
  };
};

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const most = (laps: readonly Lap[]): number => Math.max(0, ...laps.map(({ peak }) => peak));
const secondsOf = (laps: readonly Lap[]): number => sum(laps.map(({ seconds }) => seconds));

/** What the laps of a phase come to. `imagesOf` says what each part of its work that is more than a step runs on. */
const summary = (
  { steps, between }: ReturnType<Stopwatch['take']>,
  {
    imagesOf,
    validation,
    work,
  }: Pick<MeasuredPhase, 'validation' | 'work'> & { imagesOf: ReadonlyMap<string, number> },
): MeasuredPhase => {
  const usual = (laps: readonly Lap[]): Lap[] => laps.filter(({ name }) => !imagesOf.has(name));
  const quickest = steps.map(usual).toSorted((a, b) => secondsOf(a) - secondsOf(b))[0] ?? [];
  const within = new Map<string, number>();
  for (const { name, seconds } of quickest) within.set(name, (within.get(name) ?? 0) + seconds);
  const all = [...steps.flat(), ...between];
  const parts = [...imagesOf].flatMap(([name, images]): [string, MeasuredPart][] => {
    const laps = all.filter((lap) => lap.name === name);
    if (laps.length === 0) return [];
    const typical = laps.toSorted((a, b) => a.seconds - b.seconds)[Math.floor((laps.length - 1) / 2)];
    return [[name, { seconds: typical?.seconds ?? 0, peak: most(laps), images }]];
  });
  const peaks = new Map<string, number>();
  for (const { name, peak } of usual(all)) peaks.set(name, Math.max(peak, peaks.get(name) ?? 0));
  return { step: secondsOf(quickest), within, validation, peaks, parts: new Map(parts), work };
};

/** Without a learning rate nothing can diverge, and alpha, which may wait at first, has its part in the first step. */
const still = (knobs: Phase['knobs']): Phase['knobs'] => ({
  ...Object.fromEntries(
    Object.entries(knobs).map(([name, schedule]) => [
      name,
      isRate(name) || name === ARCH_WAIT ? constant(0) : schedule,
    ]),
  ),
  weightLr: constant(0),
});

/**
 * Runs in miniature: every phase of a plan for a few steps on blank images, with a network of its own. The random state
 * stays as it was.
 */
export const probe = async (
  plan: Plan,
  { batch, images, sizes }: { batch: number; images: number; sizes: DataSizes },
): Promise<Probe> => {
  const random = rng.state();
  memory.trim();
  memory.resetPeak();
  let live: Live | undefined;
  try {
    const small = plan.experiment.with({ ...plan.values, batchSize: batch });
    let learner: Learner | undefined;
    // A phase without epochs has no step.
    const phases = small.phases.map((phase): Phase => {
      const { start } = phase;
      return {
        ...phase,
        epochs: Math.min(1, phase.epochs),
        steps: phase.steps && Math.min(STEPS, phase.steps),
        stop: undefined,
        knobs: still(phase.knobs),
        ...(start && {
          start: (...built: Parameters<typeof start>) => {
            learner = start(...built);
            return learner;
          },
        }),
      };
    });
    const dataset = blankData(images, sizes);
    const profiler = stopwatch();
    live = runPhases(phases, { dataset, batchSize: batch, steps: STEPS, profiler });
    const measured = new Map<string, MeasuredPhase>();
    let from = 0;
    let validation = Number.POSITIVE_INFINITY;
    for await (const event of live) {
      const now = performance.now();
      if (event.type === 'validation') validation = Math.min(validation, (now - from) / 1000);
      else if (event.type === 'epoch') {
        const { phase: name, epoch, knobs } = event.record;
        const work = learner?.work;
        const parts = work?.({ epoch, first: epoch, knobs }, { batchSize: batch, validImages: 1 }).parts ?? [];
        const imagesOf = new Map(parts.map((part) => [part.name, Math.min(images, part.images ?? batch)]));
        const once = Number.isFinite(validation) ? validation : 0;
        measured.set(name, summary(profiler.take(), { imagesOf, validation: once, work }));
        validation = Number.POSITIVE_INFINITY;
      }
      from = now;
    }
    live.snapshot();
    const { live: used, kept } = memory.stats();
    const bytes = used + kept;
    const peak = Math.max(
      ...[...measured.values()].flatMap(({ peaks, parts }) => [
        ...peaks.values(),
        ...[...parts.values()].map((part) => part.peak),
      ]),
    );
    const besides = process.memoryUsage().rss - bytes;
    const multiplyAdds = plan.experiment.kind === 'search' ? undefined : live.multiplyAdds();
    return {
      ...{ batch, weights: live.weights, multiplyAdds, besides, phases: measured },
      ...{ kept: Math.max(1, bytes / peak), bytes: Math.max(bytes, peak) },
    };
  } finally {
    live?.dispose();
    memory.trim();
    memory.resetPeak();
    rng.restore(random);
  }
};
