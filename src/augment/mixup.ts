import { add, channelsLast, mul } from '../tensor/index.js';
import type { Augment } from './augment.js';
import { drawBeta } from './beta.js';
import {
  happens,
  inOrder,
  type Labelled,
  labelled,
  randomOrder,
  requireAlpha,
  requirePairs,
  sharedTargets,
} from './mix.js';

/** λ x + (1 − λ) x′, where x′ are the same images in another order. */
export const blended = ({ images }: Labelled, { lambda, order }: { lambda: number; order: ArrayLike<number> }) =>
  channelsLast(add(mul(images, lambda), mul(inOrder(images, order), 1 - lambda)));

/**
 * mixup (Zhang et al. 2018): λ x + (1 − λ) x′ with shares λ and 1 − λ of both labels. λ ~ Beta(alpha, alpha), one per
 * batch; x′ is the batch in a random order. Throws a RangeError unless alpha > 0.
 */
export const mixup = (alpha: number): Augment => {
  requireAlpha(alpha, 'mix up images');
  const label = `mixup(${alpha})`;
  return {
    label,
    mixes: true,
    check: requirePairs(label),
    tensors: (batch, rng, pass) => {
      if (!happens(1, { rng, pass })) return batch;
      const own = labelled(batch, label);
      const lambda = drawBeta(alpha, rng);
      const order = randomOrder(own.labels.shape[0] ?? 0, rng);
      const targets = sharedTargets(own, inOrder(own.labels, order), lambda);
      return { ...batch, images: blended(own, { lambda, order }), targets };
    },
  };
};
