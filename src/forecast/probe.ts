import type { Dataset, ImageSet } from '../data/index.js';
import type { Plan } from '../experiment/index.js';
import { type Live, runPhases } from '../loop/index.js';
import { constant } from '../schedule/index.js';
import { memory, rng } from '../tensor/index.js';

/** The sizes of the data that a run would learn from. */
export interface DataSizes {
  readonly classes: number;
  readonly channels: 1 | 3;
  readonly imageSize: number;
  readonly trainImages: number;
  readonly validImages: number;
  readonly testImages: number;
}

/** What the phases of a plan come to at one size of batch, in bytes, and in seconds by the name of a phase. */
export interface Probe {
  readonly batch: number;
  readonly weights: number;
  /** For one image when it is tested; of a network that is trained. */
  readonly multiplyAdds: number | undefined;
  /** The most that tensors took at once. */
  readonly peak: number;
  /** What they held at the end, blocks for reuse included. */
  readonly held: number;
  /** Memory of the process other than that. */
  readonly besides: number;
  /** Per step, and per batch of validation. */
  readonly seconds: ReadonlyMap<string, { readonly step: number; readonly validation: number }>;
}

const STEPS = 2; // of each phase: the first pays for memory and caches that a run pays for once

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

const blankData = (batch: number, sizes: DataSizes): Dataset => {
  const ones = new Array<number>(sizes.classes).fill(1);
  const few = blank(batch, sizes);
  return {
    name: 'blank',
    classes: ones.map(String),
    channels: sizes.channels,
    imageSize: sizes.imageSize,
    // What needs validation images is refused where the run has none.
    available: ones,
    tail: { imbalance: 'natural', imbalanceRatio: 1 },
    counts: { train: ones, valid: sizes.validImages > 0 ? ones : ones.map(() => 0), test: ones },
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

/**
 * Runs in miniature: every phase of a plan for a few steps on blank images, with a network of its own. The random state
 * stays as it was.
 */
export const probe = async (plan: Plan, { batch, sizes }: { batch: number; sizes: DataSizes }): Promise<Probe> => {
  const random = rng.state();
  memory.trim();
  memory.resetPeak();
  let live: Live | undefined;
  try {
    const small = plan.experiment.with({ ...plan.values, batchSize: batch });
    // Without a learning rate nothing can diverge. A phase without epochs has no step.
    const phases = small.phases.map((phase) => ({
      ...phase,
      epochs: Math.min(1, phase.epochs),
      steps: phase.steps && Math.min(STEPS, phase.steps),
      stop: undefined,
      knobs: {
        ...phase.knobs,
        ...Object.fromEntries(Object.keys(phase.knobs).flatMap((name) => (isRate(name) ? [[name, constant(0)]] : []))),
        weightLr: constant(0),
      },
    }));
    const dataset = blankData(batch, sizes);
    live = runPhases(phases, { dataset, batchSize: batch, steps: STEPS });
    const seconds = new Map<string, { step: number; validation: number }>();
    let step = Number.POSITIVE_INFINITY;
    let from = 0;
    let validation = Number.POSITIVE_INFINITY;
    for await (const event of live) {
      const now = performance.now();
      if (event.type === 'step') step = Math.min(step, event.seconds);
      else if (event.type === 'validation') validation = Math.min(validation, (now - from) / 1000);
      else if (event.type === 'epoch') {
        seconds.set(event.record.phase, { step, validation: Number.isFinite(validation) ? validation : 0 });
        [step, validation] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      }
      from = now;
    }
    live.snapshot();
    const { live: used, kept, peak } = memory.stats();
    const held = used + kept;
    const besides = process.memoryUsage().rss - held;
    const multiplyAdds = plan.experiment.kind === 'search' ? undefined : live.multiplyAdds();
    return { batch, weights: live.weights, multiplyAdds, peak, held, besides, seconds };
  } finally {
    live?.dispose();
    memory.trim();
    memory.resetPeak();
    rng.restore(random);
  }
};
