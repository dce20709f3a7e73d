import type { ByteAugment, Rng } from '../data/index.js';
import type { Pass, TensorBatch } from '../nn/index.js';

/** What an augmentation of tensors receives in addition to its batch. */
export interface AugmentPass extends Pass {
  /** Training images per class. */
  readonly counts: readonly number[];
  /** Draws the next batch of the second sampling, for an augmentation that names one in `partner`. */
  readonly partner?: (() => TensorBatch) | undefined;
}

/** What an augmentation is asked to work on. imageSize: the shorter side, in pixels */
export interface AugmentedData {
  readonly imageSize: number;
  readonly batchSize: number;
  readonly counts: readonly number[];
}

/**
 * A random change of training images: `bytes` of one image before normalising, `tensors` of a batch after it. Both must
 * draw all their random numbers from `rng`, whose state a checkpoint keeps. What is validated or tested is not changed.
 */
export interface Augment extends ByteAugment {
  /** As it is spelled: `crop(4)`. */
  readonly label: string;
  /** Whether it mixes images and labels; a pipeline may have one that does. */
  readonly mixes?: boolean | undefined;
  /** Whether classes have other shares of the labels than of the images that are drawn. */
  readonly relabels?: boolean | undefined;
  /** Throws a RangeError where it could not work on such data. Asked once, before training. */
  check?(data: AugmentedData): void;
  tensors?(batch: TensorBatch, rng: Rng, pass: AugmentPass): TensorBatch;
}
