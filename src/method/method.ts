import type { Sampling } from '../data/index.js';
import type { Criterion } from '../loss/index.js';
import type { BnScope, NetShape, Supernet } from '../net/index.js';
import type { FreezeForm, Schedule } from '../schedule/index.js';
import type { Relaxation } from '../space/index.js';
import type { Tensor } from '../tensor/index.js';

/** A batch on the engine's side. */
export interface TensorBatch {
  readonly images: Tensor; // [batch, channels, h, w], normalised, channels-last
  readonly labels: Tensor; // [batch], int64
}

/** What can be changed of a method that has branches; docs/details.md says why each stands as it does. */
export interface Switches {
  /** m(t), how much of the instance branch is in logits and loss; in [0, 1]. */
  readonly mixing?: Schedule;
  /** How the second branch's batches are drawn. */
  readonly sampling?: Sampling;
  readonly bnScope?: BnScope;
  /** A factor on the mixed logits; the code of BBN has 2. */
  readonly logitScale?: number;
  /** The form of eq 17, for methods that freeze softly. */
  readonly freeze?: FreezeForm;
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
  /** `batches` holds one batch of each of the method's streams; `mixing` is m, for methods that mix. */
  forward(batches: readonly TensorBatch[], options: { criterion: Criterion; mixing: number | null }): Outcome;
  /** What the network answers when it is tested; of two heads, the class head alone. images: [batch, channels, h, w] → [batch, classes] */
  logits(images: Tensor): Tensor;
  /** For methods that mix: the answers at several test-time mixings, from one pass through the network. */
  mixed?(images: Tensor, mixings: readonly number[]): Tensor[];
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
  /** The same method with switches turned; absent where it has none. Throws a RangeError on a switch that it does not have or a value that cannot be. */
  readonly vary?: (switches: Switches) => SearchMethod;
  build(shape: NetShape, options: { relax: Relaxation }): SearchNet;
}
