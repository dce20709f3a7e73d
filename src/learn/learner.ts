import type { Sampling } from '../data/index.js';
import type { Group } from '../group/index.js';
import type { Model } from '../net/index.js';
import type { Knobs, ParameterStore, TensorBatch } from '../nn/index.js';
import type { Genotype, Genotypes, KeptOps } from '../space/index.js';
import type { Tensor } from '../tensor/index.js';
import type { StepProfiler } from './profiler.js';

/** Plain data, as records and checkpoints hold it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Where in training a step is. */
export interface At {
  readonly epoch: number;
  readonly step: number;
  /** The values of the phase's schedules in this epoch. */
  readonly knobs: Knobs;
}

/**
 * What a step measures. Norms are Euclidean, before clipping, by component; what is frozen has none, nor has alpha at
 * rate 0.
 */
export interface StepReport {
  readonly loss: number;
  readonly accuracy: number;
  readonly gradNorm: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Unaugmented images that are the same each time they are asked for, whatever was drawn before. */
export interface SampleSpec {
  readonly part: 'train' | 'valid';
  readonly sampling: Sampling;
  /** Samples of different names are independent. */
  readonly name: string;
  readonly batchSize: number;
  readonly batches: number;
}

/** How the batches of a step are drawn: one stream per entry. */
export interface StreamSpec {
  readonly part: 'train' | 'valid';
  readonly sampling: Sampling;
}

/**
 * What a learner adds to an epoch's record, in plain data; alpha and operation weights by component and kind: [edges,
 * primitives].
 */
export interface LearnerRecord {
  readonly alpha?: Record<string, Record<string, number[][]>>;
  readonly opWeights?: Record<string, Record<string, number[][]>>;
  /** The operations of the columns of alpha, edge by edge, if an edge has only some of the space's. */
  readonly operations?: KeptOps;
  readonly genotype?: Record<string, Genotype>;
  /** The dominant eigenvalue of the validation loss's Hessian in alpha, where it was asked for. */
  readonly eigenvalue?: number;
  /** Of a phase that chooses among architectures: how many were evaluated so far, and the best one's accuracy. */
  readonly candidates?: { readonly evaluated: number; readonly best: number };
}

/** What an epoch takes beyond steps and validation that are alike, for who forecasts its time and memory. */
export interface EpochWork {
  /** What a step costs, as a share of one in the learner's first epoch; 1 unless said. */
  readonly share?: number;
  /** What its steps do without, as the profiler calls it. */
  readonly lacks?: readonly string[];
  readonly parts?: readonly WorkPart[];
}

/** Work that is more than a usual step. */
export interface WorkPart {
  /** As the profiler calls it, which is told of it that often. */
  readonly name: string;
  readonly times: number;
  /** Before the first step of the epoch or after its validation; spread over its steps unless said. */
  readonly when?: 'first' | 'last';
  /** Images that it runs on, if the size of a batch does not matter. */
  readonly images?: number;
  /** Images that it holds as tensors meanwhile; those that it runs on unless said. */
  readonly held?: number;
}

/** One way to take steps. The loop knows this and no method. */
export interface Learner {
  /** What its records are of: `search`, `train`. */
  readonly kind: string;
  readonly model: Model;
  readonly streams: readonly StreamSpec[];
  /**
   * One step on a batch of each stream, in their order. Throws a DivergedError when a loss or a gradient is not finite.
   */
  step(batches: readonly TensorBatch[], at: At): StepReport;
  /**
   * Freezes these components, and no others. Throws a RangeError when there is no such component, and when none is
   * left.
   */
  freeze(components: readonly string[]): void;
  /** Its state other than the model's weights and buffers, by name, of any shape: saved, and restored in place. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** What it remembers that is no tensor. */
  readonly memo?: { save(): Json; restore(value: Json): void };
  /** Absent where every epoch is only steps and validation. `first` is the learner's first epoch. */
  work?(
    at: Pick<At, 'epoch' | 'knobs'> & { readonly first: number },
    run: { readonly batchSize: number; readonly validImages: number },
  ): EpochWork;
  /** Its own part of the record of an epoch, which is over. What it measures for it leaves no trace. */
  record(at: Pick<At, 'epoch' | 'knobs'>): LearnerRecord;
  /**
   * The class prior that its network's logits assume at a setting, up to a factor; the class shares of the training
   * images unless said. `knobs`: the schedules' values that it was trained with last. Undefined where it is not known.
   */
  readonly assumes?: ((at: Knobs, knobs: Knobs) => readonly number[] | undefined) | undefined;
  /** How much each operation counts now, by component and kind, where it searches: [edges, primitives of the space]. */
  opWeights?(): NonNullable<LearnerRecord['opWeights']>;
  /** The cells that it has found, or trains. */
  genotypes(): Genotypes;
  dispose(): void;
}

/** What a learner is built for. */
export interface Context {
  readonly classes: number;
  readonly inputChannels: number;
  /** Images are square, in pixels. */
  readonly imageSize: number;
  /** Training images per class. */
  readonly counts: readonly number[];
  readonly device: string;
  /** Whether there are images to validate on; there are unless said. */
  readonly validates?: boolean;
  /** Images to validate on, where they are known. */
  readonly validImages?: number;
  readonly profiler?: StepProfiler | undefined;
  /** The processes that take each step together; this one alone unless said. */
  readonly group?: Group | undefined;
  /** There is none where a network is opened without its data. */
  readonly sample?: ((spec: SampleSpec, like: Pick<ParameterStore, 'dtype' | 'device'>) => TensorBatch[]) | undefined;
}

/** What was asked for does not go with the data or the network that there are. */
export class UnfitError extends RangeError {
  override readonly name = 'UnfitError';
}
