import type { ByteAugment, Rng } from '../data/index.js';
import type { Pass, TensorBatch } from '../nn/index.js';

/**
 * A random change of training images: `bytes` of one image before normalising, `tensors` of a batch after it. Both must
 * draw all their random numbers from `rng`, whose state a checkpoint keeps.
 */
export interface Augment extends ByteAugment {
  /** As it is spelled: `crop(4)`. */
  readonly label: string;
  /** Throws a RangeError where it could not work on such data. Asked once, before training. */
  check?(data: { readonly imageSize: number }): void;
  tensors?(batch: TensorBatch, rng: Rng, pass: Pass): TensorBatch;
}
