import type { Rng } from '../data/index.js';
import type { Pass, Target, TensorBatch } from '../nn/index.js';
import { indexSelect, type Tensor, tensor, to } from '../tensor/index.js';

/** Images in order, and one label for each. */
export interface Labelled {
  /** [batch, channels, h, w] */
  readonly images: Tensor;
  /** int64 [batch] */
  readonly labels: Tensor;
}

/** Throws a RangeError unless `alpha`, of Beta(alpha, alpha), is above 0. `action` is said in the error. */
export const requireAlpha = (alpha: number, action: string): void => {
  if (!(alpha > 0 && Number.isFinite(alpha)))
    throw new RangeError(`Cannot ${action}: alpha of Beta(alpha, alpha) must be a number > 0, got ${alpha}`);
};

/** Throws a RangeError unless `p`, how often a batch is mixed, is in [0, 1]. `action` is said in the error. */
export const requireProbability = (p: number, action: string): void => {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`Cannot ${action}: its probability must be from 0 to 1, got ${p}`);
};

/** For what mixes images of one batch: throws a RangeError where there is but one. */
export const requirePairs =
  (label: string) =>
  ({ batchSize }: { readonly batchSize: number }): void => {
    if (batchSize < 2)
      throw new RangeError(
        `Cannot use ${label}: it mixes images of one batch, which must have at least 2, got ${batchSize}; ` +
          'raise --batch-size',
      );
  };

/** How often mixing augmentations act, over training: a knob in [0, 1], 1 in a phase that does not schedule it. */
export const MIX_RATE = 'mixRate';

/** Whether this batch is mixed: with probability `p` times the knob `mixRate`. Draws one number, unless that is 1. */
export const happens = (p: number, { rng, pass }: { rng: Rng; pass: Pass }): boolean => {
  const probability = p * (pass.knobs[MIX_RATE] ?? 1);
  return probability === 1 || rng.uniform() < probability;
};

/** The images and labels of a batch that nothing has mixed. Throws a RangeError when an image has several labels. */
export const labelled = ({ images, targets }: TensorBatch, label: string): Labelled => {
  const [target] = targets;
  if (target === undefined || targets.length !== 1 || target.share !== 1)
    throw new RangeError(
      `Cannot use ${label}: an image must have one label of share 1 to be mixed, got ${targets.length} per image; ` +
        'use one mixing augmentation',
    );
  return { images, labels: target.labels };
};

/** A random order of `count` images: who is mixed with whom. */
export const randomOrder = (count: number, rng: Rng): Uint32Array =>
  rng.shuffle(Uint32Array.from({ length: count }, (_, i) => i));

/** Rows of a tensor in another order. */
export const inOrder = (x: Tensor, order: ArrayLike<number>): Tensor =>
  indexSelect(x, 0, to(tensor(Int32Array.from(order)), { device: x.device }));

/** Targets of mixed images: `share` of their own labels, one number or one per image, and the rest of the other's. */
export const sharedTargets = (own: Labelled, other: Tensor, share: number | readonly number[]): readonly Target[] => {
  const [first, second] =
    typeof share === 'number'
      ? [share, 1 - share]
      : [share, share.map((value) => 1 - value)].map((values) =>
          to(tensor(values, { dtype: own.images.dtype }), { device: own.images.device }),
        );
  return [
    { labels: own.labels, share: first ?? 1 },
    { labels: other, share: second ?? 0 },
  ];
};
