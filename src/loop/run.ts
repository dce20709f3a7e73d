import { setImmediate } from 'node:timers/promises';
import type { Dataset } from '../data/index.js';
import { alone, type Group } from '../group/index.js';
import { type Context, type Learner, requireFiniteWeights } from '../learn/index.js';
import { AUXILIARY, countMacs } from '../net/index.js';
import type { Evaluation } from '../run/index.js';
import type { Genotypes } from '../space/index.js';
import { rng, scope, useDevice } from '../tensor/index.js';
import { type EvaluateOptions, evaluate } from './evaluate.js';
import { checkKnobs, type Epoch, firstEpochs, knobsAt, type Phase, stopReason, totalEpochs } from './phase.js';
import { type Seen, seenImages } from './seen.js';
import { memoOf, readStanding, restoreLearner, type Standing, takeSnapshot } from './snapshot.js';
import { type BatchStream, batchStreams, sampleOf } from './streams.js';
import { agreed } from './together.js';
import { addStep, freshTotals, meansOf } from './totals.js';
import { validate } from './validate.js';

/** What a run yields: after every step, after every batch of validation, and after every epoch. */
export type LoopEvent =
  | {
      readonly type: 'step';
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      /** Mean over the epoch so far. */
      readonly loss: number;
      readonly accuracy: number;
      /** Of this step. */
      readonly seconds: number;
    }
  | { readonly type: 'validation'; readonly epoch: number; readonly done: number; readonly total: number }
  | { readonly type: 'epoch'; readonly record: Epoch }
  /** A stop rule ended a phase. */
  | { readonly type: 'stop'; readonly phase: string; readonly epoch: number; readonly reason: string };

/** A run under way. It is suspended between events: that is when to take a snapshot. */
export interface Live extends AsyncIterable<LoopEvent> {
  readonly stepsPerEpoch: number;
  /** Of all phases. */
  readonly epochs: number;
  /** Epochs that are done. */
  readonly epoch: number;
  /** Number of weights of the network that is used: without architecture parameters, and without an auxiliary head. */
  readonly weights: number;
  /** Images per step, over all streams of training. */
  readonly imagesPerStep: number;
  /**
   * The whole state as the bytes of a safetensors file; a run given it continues exactly from here. Throws a
   * DivergedError when a weight is not finite.
   */
  snapshot(): { epoch: number; step: number; bytes: Uint8Array[] };
  genotypes(): Genotypes;
  /** Tests the network as it is; see `evaluate`. */
  evaluate(
    options?: Pick<EvaluateOptions, 'at' | 'prior' | 'onMistakes'>,
  ): AsyncGenerator<{ done: number; total: number }, Evaluation>;
  /** Training images as the network gets them in the middle of the first phase, with the label of what changes them. */
  seen(count: number): { readonly augment: string; readonly images: readonly Seen[] };
  /** Multiply-adds for one image when the network is tested. */
  multiplyAdds(): number;
  dispose(): void;
}

/** What a run learns from, and where. */
export interface LoopOptions {
  readonly dataset: Dataset;
  readonly batchSize: number;
  /** How training images are changed, as a label. */
  readonly augment?: string;
  readonly seed?: number;
  readonly device?: string;
  /** The bytes of a snapshot to continue from. */
  readonly resume?: Uint8Array | undefined;
  /** The records of the epochs before it, which stop rules look at. */
  readonly records?: readonly Epoch[] | undefined;
  readonly profiler?: Context['profiler'];
  /** Steps of an epoch; all training images once unless said. */
  readonly steps?: number;
  /** The processes that carry it out together; this one alone unless said. All give the same phases, data and seed. */
  readonly group?: Group | undefined;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/**
 * Carries phases out: an iterable of events, one per step, that ends when the last phase is done. Nothing is written
 * anywhere. The same phases, data, seed, machine and number of threads give the same numbers to the bit. Throws a
 * DivergedError when a loss or gradient is no longer finite, a RangeError on schedules that no run can have.
 */
export const runPhases = (phases: readonly Phase[], options: LoopOptions): Live => {
  const { dataset, batchSize, augment = dataset.augment, seed = 0, device = 'cpu', resume, profiler } = options;
  const { group = alone } = options;
  checkKnobs(phases);
  useDevice(device);
  rng.seed(seed);
  const context: Context = {
    classes: dataset.classes.length,
    inputChannels: dataset.channels,
    imageSize: dataset.imageSize,
    counts: dataset.counts.train,
    device,
    validates: sum(dataset.counts.valid) > 0,
    validImages: sum(dataset.counts.valid),
    profiler,
    group,
    sample: sampleOf({ dataset, seed }),
  };
  const standing = resume === undefined ? undefined : readStanding(resume);
  const firsts = firstEpochs(phases);
  let epoch = standing?.epoch ?? 0;
  let step = standing?.step ?? 0;
  let totals = standing?.totals ?? freshTotals();
  let index =
    standing?.phase?.index ??
    Math.max(
      0,
      firsts.findLastIndex((first) => first <= epoch),
    );
  let first = standing?.phase?.first ?? firsts[index] ?? 0;
  const records = [...(options.records ?? [])];

  const phaseAt = (i: number): Phase => {
    const phase = phases[i];
    if (phase === undefined) throw new RangeError(`Cannot run: there must be a phase ${i}, there are ${phases.length}`);
    return phase;
  };
  const firstLearner = (): Learner => {
    const own = phases.findLastIndex((phase, i) => i <= index && phase.start !== undefined);
    const built = phases[own]?.start?.(context, { memo: standing?.memo });
    if (built === undefined) throw new RangeError('Cannot run: the first phase must build a network, it does not');
    return built;
  };
  let learner = firstLearner();
  const streamsOf = (saved: Standing['streams'] | undefined): BatchStream[] =>
    batchStreams(learner, { dataset, batchSize, augment, seed, saved, group });
  let unopened: Standing['streams'] | undefined;
  /** Checks and restores what was built, and opens its streams. */
  const begin = (): BatchStream[] => {
    // A component that does not exist is found now, not when its phase begins.
    const later = phases.slice(index + 1);
    const builds = later.findIndex(({ start }) => start !== undefined);
    for (const { frozen = [] } of builds < 0 ? later : later.slice(0, builds)) learner.freeze(frozen);
    if (resume !== undefined) restoreLearner(resume, learner);
    agreed(group, { learner });
    // Streams of a phase that is over are not opened where the next has its own: it may learn from other images.
    const length = phases[index]?.epochs ?? 0;
    if (epoch >= first + length && phases[index + 1]?.start !== undefined) unopened = standing?.streams;
    return unopened === undefined ? streamsOf(standing?.streams) : [];
  };
  let streams: BatchStream[];
  try {
    streams = begin();
  } catch (error) {
    learner.dispose();
    throw error;
  }
  const stepsPerEpoch = options.steps ?? Math.ceil(dataset.train.labels.length / batchSize);
  const ofTraining = () => learner.streams.filter(({ part }) => part === 'train').length;

  /** The cells of an earlier epoch, where the rule that ended the last phase goes back to them. */
  const chosenEarlier = (): Genotypes | undefined => {
    const own = records.filter(({ phase }) => phase === phases.at(-1)?.name);
    const at = phases.at(-1)?.stop?.goesBackTo?.(own);
    return own.find((record) => record.epoch === at)?.genotype;
  };

  /** The phase after this one, with the learner that it builds, if it builds one. */
  const advance = (): void => {
    index++;
    first = epoch;
    const next = phases[index]?.start?.(context, { before: learner });
    if (next === undefined || next === learner) return;
    learner.dispose();
    learner = next;
    [streams, unopened] = [streamsOf(undefined), undefined];
  };

  async function* events(): AsyncGenerator<LoopEvent> {
    for (; index < phases.length; ) {
      const phase = phaseAt(index);
      if (epoch >= first + phase.epochs) {
        advance();
        continue;
      }
      learner.freeze(phase.frozen ?? []);
      const t = (epoch - first) / phase.epochs;
      const knobs = knobsAt(phase, t);
      const began = performance.now();
      const resumedAt = step;
      const steps = phase.steps ?? stepsPerEpoch;
      while (step < steps) {
        const from = performance.now();
        profiler?.begin();
        const report = scope(() =>
          learner.step(
            streams.map((stream) => stream.next({ training: true, knobs })),
            { epoch, step, knobs },
          ),
        );
        profiler?.enter('release, events');
        step++;
        addStep(totals, report);
        // Signals and timers are served only between macrotasks: without this pause Ctrl-C would wait for the end.
        // Before the event, so that whoever gets it already knows that it should stop.
        await setImmediate();
        profiler?.end();
        yield {
          type: 'step',
          epoch,
          step,
          steps,
          loss: totals.loss / totals.steps,
          accuracy: totals.accuracy / totals.steps,
          seconds: (performance.now() - from) / 1000,
        };
      }
      const trainSeconds = (performance.now() - began) / 1000;
      const pass = validate(learner.model, { dataset, batchSize, knobs, epoch, group });
      let validated = await pass.next();
      for (; !validated.done; validated = await pass.next())
        yield { type: 'validation', epoch, done: validated.value, total: dataset.valid.labels.length };
      profiler?.validated((performance.now() - began) / 1000 - trainSeconds);
      const images = (steps - resumedAt) * batchSize * ofTraining();
      const { loss, accuracy, gradNorm } = meansOf(totals);
      const record: Epoch = {
        kind: learner.kind,
        phase: phase.name,
        epoch,
        t,
        knobs,
        trainLoss: loss,
        trainAccuracy: accuracy,
        ...validated.value,
        gradNorm,
        ...scope(() => learner.record({ epoch, knobs })),
        seconds: (performance.now() - began) / 1000,
        imagesPerSecond: images === 0 ? 0 : images / trainSeconds,
      };
      epoch++;
      step = 0;
      totals = freshTotals();
      records.push(record);
      const own = stopReason(phase, { epochs: records.filter((r) => r.epoch >= first), last: phase === phases.at(-1) });
      const reason = agreed(group, { learner, reason: own });
      const early = epoch < first + phase.epochs || phase.stop?.goesBackTo !== undefined;
      if (reason !== undefined && early) {
        advance();
        yield { type: 'epoch', record };
        yield { type: 'stop', phase: phase.name, epoch, reason };
      } else yield { type: 'epoch', record };
    }
  }

  return {
    stepsPerEpoch,
    epochs: totalEpochs(phases),
    get epoch() {
      return epoch;
    },
    weights: learner.model.store.size - learner.model.store.range(AUXILIARY)[1],
    imagesPerStep: batchSize * ofTraining(),
    snapshot: () => {
      requireFiniteWeights(learner.model.store, { epoch, step });
      const streamsOfPart = (part: BatchStream['part']) => streams.flatMap((s) => (s.part === part ? [s.state()] : []));
      const bytes = takeSnapshot(learner, {
        epoch,
        step,
        phase: { index, first },
        totals,
        streams: unopened ?? { train: streamsOfPart('train'), valid: streamsOfPart('valid') },
        ...memoOf(learner),
      });
      return { epoch, step, bytes };
    },
    genotypes: () => chosenEarlier() ?? learner.genotypes(),
    evaluate: (asked) => {
      const knobs = records.at(-1)?.knobs ?? {};
      return evaluate(learner.model, {
        dataset,
        batchSize: batchSize / group.size,
        epoch,
        knobs,
        assumes: learner.assumes,
        ...asked,
      });
    },
    seen: (count) => {
      const { store } = learner.model;
      const knobs = knobsAt(phaseAt(0), 0.5);
      return { augment, images: seenImages(dataset, { augment, store, seed, knobs, count }) };
    },
    multiplyAdds: () => countMacs(learner.model, context),
    dispose: () => {
      profiler?.stop();
      learner.dispose();
    },
    [Symbol.asyncIterator]: events,
  };
};
