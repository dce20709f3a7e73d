import type { Augment } from './augment.js';
import { drawBeta } from './beta.js';
import { areaShare, drawBox, pasted, within } from './box.js';
import {
  happens,
  inOrder,
  labelled,
  randomOrder,
  requireAlpha,
  requirePairs,
  requireProbability,
  sharedTargets,
} from './mix.js';

/**
 * CutMix (Yun et al. 2019): with probability p, a box of every image is replaced by the same box of another, the batch
 * in a random order. λ ~ Beta(alpha, alpha), one per batch; the other label's share is the area of the box after
 * clipping. Throws a RangeError unless alpha > 0 and p is in [0, 1].
 */
export const cutmix = (alpha: number, p: number): Augment => {
  requireAlpha(alpha, 'cut and mix images');
  requireProbability(p, 'cut and mix images');
  const label = `cutmix(${alpha}, ${p})`;
  return {
    label,
    mixes: true,
    check: requirePairs(label),
    tensors: (batch, rng, pass) => {
      if (!happens(p, { rng, pass })) return batch;
      const own = labelled(batch, label);
      const [count = 0, , height = 0, width = 0] = own.images.shape;
      const box = drawBox(drawBeta(alpha, rng), { height, width, rng });
      const order = randomOrder(count, rng);
      const share = areaShare(box, { height, width });
      if (share === 0) return batch;
      const images = pasted(own.images, inOrder(within(own.images, box), order), box);
      return { ...batch, images, targets: sharedTargets(own, inOrder(own.labels, order), 1 - share) };
    },
  };
};
