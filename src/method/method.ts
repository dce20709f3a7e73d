import type { Sampling } from '../data/index.js';
import type { Criterion } from '../loss/index.js';
import type { NetShape, Supernet } from '../net/index.js';
import type { Schedule } from '../schedule/index.js';
import type { Relaxation } from '../space/index.js';
import type { Tensor } from '../tensor/index.js';

/** A batch on the engine's side. */
export interface TensorBatch {
  readonly images: Tensor; // [batch, channels, h, w], normalised, channels-last
  readonly labels: Tensor; // [batch], int64
}

/** What a step's forward pass comes to. */
export interface Outcome {
  readonly loss: Tensor; // scalar
  readonly logits: Tensor; // [batch, classes]
  /** What the logits were to say, and how much each counts: the training accuracy is weighted as the loss is. */
  readonly targets: readonly { readonly labels: Tensor; readonly share: number }[];
}

/** A supernet together with how a method trains and reads it. */
export interface SearchNet extends Supernet {
  /** `batches` holds one batch of each of the method's streams; t is progress in [0, 1). */
  forward(batches: readonly TensorBatch[], options: { criterion: Criterion; t: number }): Outcome;
  /** What the network answers when it is tested. images: [batch, channels, h, w] → [batch, classes] */
  logits(images: Tensor): Tensor;
}

/**
 * A search method is a value: the loop knows none by name, and a variant is a spread of another (`{ ...singleBranch(), relax: … }`).
 */
export interface SearchMethod {
  readonly label: string;
  /** How each batch of a step is drawn: one stream an entry, on the training and on the validation split alike. */
  readonly streams: readonly Sampling[];
  /** From alpha to operation weights; softmax unless said. */
  readonly relax?: Relaxation;
  /** How much of the instance branch is in the loss at progress t, for methods that mix two. */
  readonly mixing?: Schedule;
  /** By component: a factor on the architecture learning rate. */
  readonly archLr?: Readonly<Record<string, Schedule>>;
  build(shape: NetShape, options: { relax: Relaxation }): SearchNet;
}
