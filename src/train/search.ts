import { setImmediate } from 'node:timers/promises';
import { type Dataset, stream } from '../data/index.js';
import { crossEntropy } from '../loss/index.js';
import { freeze } from '../net/index.js';
import { adam, archOptimizer, type Optimizer, sgd } from '../optim/index.js';
import { type Evaluation, type Sweep, scores } from '../run/index.js';
import type { CellGenotype, CellKind } from '../space/index.js';
import { derive, softmaxRelaxation } from '../space/index.js';
import { requireDevice, rng, scope, softmax, type Tensor } from '../tensor/index.js';
import { batchToTensors } from './batches.js';
import { evaluate, MIXINGS, sweepOf, test } from './evaluate.js';
import { archLr, phasesOf, totalEpochs } from './phase.js';
import type { StepProfiler } from './profiler.js';
import { type Recipe, weightLr } from './recipe.js';
import { checkSettings } from './settings.js';
import { restoreSnapshot, type Standing, type Totals, takeSnapshot } from './snapshot.js';
import { searchStep, type Trainee } from './step.js';

/** The architecture by component and kind of cell. */
export type Genotypes = Record<string, Partial<Record<CellKind, CellGenotype>>>;

/** What an epoch leaves behind: the line of metrics.jsonl, but for the machine's own figures (peak memory). */
export interface Epoch {
  readonly phase: string;
  readonly epoch: number;
  readonly t: number;
  readonly mixing: number | null;
  readonly weightLr: number;
  readonly archLr: Record<string, number>;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly validLoss: number;
  readonly validAccuracy: number;
  readonly perClassAccuracy: readonly (number | null)[];
  readonly sweep: Sweep | null;
  readonly gradNorm: { readonly weights: Record<string, number>; readonly alpha: Record<string, number> };
  readonly alpha: Record<string, Record<string, number[][]>>;
  readonly genotype: Genotypes;
  readonly seconds: number;
  readonly imagesPerSecond: number;
}

/** What a search yields: after every step, after every batch of validation, and after every epoch. */
export type SearchEvent =
  | {
      readonly type: 'step';
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number; // mean over the epoch so far
      readonly accuracy: number;
      readonly seconds: number; // of this step
    }
  | { readonly type: 'validation'; readonly epoch: number; readonly done: number; readonly total: number }
  | { readonly type: 'epoch'; readonly record: Epoch };

/** A search under way. It stands still between events: that is when to take a snapshot. */
export interface Search extends AsyncIterable<SearchEvent> {
  readonly stepsPerEpoch: number;
  /** Of all phases. */
  readonly epochs: number;
  /** Number of weights, architecture parameters apart. */
  readonly weights: number;
  /** The whole state as the bytes of a safetensors file; `search` given it goes on exactly from here. */
  snapshot(): { epoch: number; step: number; bytes: Uint8Array[] };
  genotypes(): Genotypes;
  /** Tests the network as it is; see `evaluate`. */
  evaluate(options?: { mixings?: readonly number[] }): AsyncGenerator<{ done: number; total: number }, Evaluation>;
  dispose(): void;
}

const freshTotals = (): Totals => ({ steps: 0, loss: 0, accuracy: 0, weightNorm: {}, alphaNorm: {} });
const addTo = (sums: Record<string, number>, values: Record<string, number>): void => {
  for (const [name, value] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + value;
};
const over = (sums: Record<string, number>, n: number): Record<string, number> =>
  Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / n]));

const rows = (x: Tensor): number[][] => {
  const [, columns = 1] = x.shape;
  const all = x.toArray();
  return Array.from({ length: all.length / columns }, (_, i) => all.slice(i * columns, (i + 1) * columns));
};

/**
 * Searches an architecture: an iterable of events, one a step, that ends when the recipe's epochs are done. Nothing is written anywhere.
 * The same recipe, data, seed, machine and number of threads give the same numbers to the bit. Throws a DivergedError when a loss or gradient
 * is no longer finite, a RangeError on settings that no search can have.
 */
export const search = (
  recipe: Recipe,
  {
    dataset,
    seed = 0,
    device = 'cpu',
    resume,
    profiler,
  }: {
    dataset: Dataset;
    seed?: number;
    device?: string;
    resume?: Uint8Array | undefined;
    profiler?: StepProfiler | undefined;
  },
): Search => {
  const settings = checkSettings(recipe.settings);
  const { method } = recipe;
  const phases = phasesOf(recipe);
  const epochs = totalEpochs(phases);
  const classes = dataset.classes.length;
  requireDevice(device);
  rng.seed(seed);
  const net = method.build(
    { ...settings, classes, inputChannels: dataset.channels, device },
    { relax: method.relax ?? softmaxRelaxation },
  );
  let [phase] = phases;
  const { momentum, weightDecay } = settings;
  const makeArch = (value: Tensor): Optimizer =>
    settings.archOptimizer === 'adam'
      ? adam(value, { betas: [0.5, 0.999], weightDecay: settings.archWeightDecay })
      : sgd(value, { weightDecay: settings.archWeightDecay });
  const trainee: Trainee = {
    net,
    weights: sgd(net.store.flat, { momentum, weightDecay }),
    arch: archOptimizer(net.alphas, { rates: (component) => archLr(settings, phase, component), make: makeArch }),
    criterion: (recipe.loss ?? crossEntropy()).build(dataset.counts.train),
    settings,
    profiler,
  };
  const named = (prefix: string, tensors: Iterable<readonly [string, Tensor]>): [string, Tensor][] =>
    [...tensors].map(([name, t]) => [`${prefix}/${name}`, t]);
  const tensors: Readonly<Record<string, Tensor>> = Object.fromEntries([
    ['weights', net.store.flat],
    ...named(
      'alpha',
      net.alphas.map((a) => [`${a.component}.${a.kind}`, a.value] as const),
    ),
    ...named('buffer', net.store.buffers),
    ...named('weight-optimizer', Object.entries(trainee.weights.state)),
    ...named('arch-optimizer', Object.entries(trainee.arch.state)),
  ]);

  // A component that does not exist is found now, not when its phase begins.
  for (const { frozen } of phases) freeze(net, frozen);
  const restored: Standing | undefined = resume === undefined ? undefined : restoreSnapshot(resume, tensors);
  let epoch = restored?.epoch ?? 0;
  let step = restored?.step ?? 0;
  let totals = restored?.totals ?? freshTotals();
  const streams = (part: 'train' | 'valid') =>
    method.streams.map((sampling, i) =>
      stream(dataset[part], {
        sampling,
        batchSize: settings.batchSize,
        classes,
        augment: dataset.augment,
        seed,
        name: `${part}-${i}`,
        state: restored?.streams[part][i],
      }),
    );
  const [train, valid] = [streams('train'), streams('valid')];
  const toTensors = batchToTensors({ ...dataset.train, mean: dataset.mean, std: dataset.std }, net.store);
  const stepsPerEpoch = Math.ceil(dataset.train.labels.length / settings.batchSize);
  const lrAt = weightLr(recipe);

  const genotypes = (): Genotypes => {
    const found: Genotypes = {};
    for (const { component, kind, value } of net.alphas)
      found[component] = {
        ...found[component],
        [kind]: derive(
          scope(() => rows(softmax(value))),
          { primitives: net.primitives },
        ),
      };
    return found;
  };
  const alphas = (): Epoch['alpha'] => {
    const found: Record<string, Record<string, number[][]>> = {};
    for (const { component, kind, value } of net.alphas)
      found[component] = { ...found[component], [kind]: rows(value) };
    return found;
  };

  /** Makes the phase of an epoch the one that steps go by. */
  const enter = (): void => {
    phase = phases.findLast((p) => p.first <= epoch) ?? phase;
    trainee.arch.reschedule((component) => archLr(settings, phase, component));
    freeze(net, phase.frozen);
  };

  async function* events(): AsyncGenerator<SearchEvent> {
    while (epoch < epochs) {
      enter();
      const t = (epoch - phase.first) / phase.epochs;
      const mixing = phase.mixing?.(t) ?? null;
      const lr = lrAt(t);
      const began = performance.now();
      const resumedAt = step;
      while (step < stepsPerEpoch) {
        const from = performance.now();
        profiler?.begin();
        const report = scope(() =>
          searchStep(trainee, {
            train: train.map((s) => toTensors(s.next())),
            valid: valid.map((s) => toTensors(s.next())),
            t,
            mixing,
            lr,
            where: { epoch, step },
          }),
        );
        profiler?.enter('release, events');
        step++;
        totals.steps++;
        totals.loss += report.loss;
        totals.accuracy += report.accuracy;
        addTo(totals.weightNorm, report.gradNorm.weights);
        addTo(totals.alphaNorm, report.gradNorm.alpha);
        // Signals and timers are served only between macrotasks: without this pause Ctrl-C would wait for the end. Before the event, so that
        // whoever gets it already knows that it should stop.
        await setImmediate();
        profiler?.end();
        yield {
          type: 'step',
          epoch,
          step,
          steps: stepsPerEpoch,
          loss: totals.loss / totals.steps,
          accuracy: totals.accuracy / totals.steps,
          seconds: (performance.now() - from) / 1000,
        };
      }
      const searchSeconds = (performance.now() - began) / 1000;
      const pass = test(net, dataset.valid, { dataset, batchSize: settings.batchSize, mixings: MIXINGS });
      let result = await pass.next();
      for (; !result.done; result = await pass.next())
        yield { type: 'validation', epoch, done: result.value, total: dataset.valid.labels.length };
      profiler?.validated((performance.now() - began) / 1000 - searchSeconds);
      // The first mixing is 0, the class head alone: one figure that can be followed over all epochs, whatever the mixing in training.
      const [validated] = result.value;
      if (validated === undefined) throw new Error('Cannot validate: the pass gave no result');
      const validation = scores(validated.confusion);
      const images = (stepsPerEpoch - resumedAt) * settings.batchSize * method.streams.length;
      const record: Epoch = {
        phase: phase.name,
        epoch,
        t,
        mixing,
        weightLr: lr,
        archLr: trainee.arch.rates(t),
        trainLoss: totals.loss / totals.steps,
        trainAccuracy: totals.accuracy / totals.steps,
        validLoss: validated.loss,
        validAccuracy: validation.accuracy,
        perClassAccuracy: validation.perClassAccuracy,
        sweep: net.mixed === undefined ? null : sweepOf(result.value, MIXINGS),
        gradNorm: { weights: over(totals.weightNorm, totals.steps), alpha: over(totals.alphaNorm, totals.steps) },
        alpha: alphas(),
        genotype: genotypes(),
        seconds: (performance.now() - began) / 1000,
        imagesPerSecond: images === 0 ? 0 : images / searchSeconds,
      };
      epoch++;
      step = 0;
      totals = freshTotals();
      yield { type: 'epoch', record };
    }
  }

  return {
    stepsPerEpoch,
    epochs,
    weights: net.store.size,
    snapshot: () => ({
      epoch,
      step,
      bytes: takeSnapshot(tensors, {
        epoch,
        step,
        totals,
        streams: { train: train.map((s) => s.state()), valid: valid.map((s) => s.state()) },
      }),
    }),
    genotypes,
    evaluate: (options) => evaluate(net, { dataset, batchSize: settings.batchSize, ...options }),
    dispose: () => {
      profiler?.stop();
      net.dispose();
      for (const t of Object.values(tensors)) t.dispose();
    },
    [Symbol.asyncIterator]: events,
  };
};
