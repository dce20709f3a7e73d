import type { Augment } from './augment.js';
import { drawBeta } from './beta.js';
import { areaShare, drawBox, pasted, within } from './box.js';
import { happens, labelled, requireAlpha, requireProbability, sharedTargets } from './mix.js';

/**
 * CMO (Park et al. 2022): CutMix whose boxes come from a second batch, drawn by weights 1/n_c per image, so that every
 * class is equally likely: rare objects on the backgrounds of frequent classes. Published with alpha 1, p 0.5, and not
 * in the first four and the last three epochs of 200, here the knob `mixRate`: `--mix-rate "between(0.02, 0.985)"`.
 * Throws a RangeError unless alpha > 0 and p is in [0, 1].
 */
export const cmo = (alpha: number, p: number): Augment => {
  requireAlpha(alpha, 'oversample by mixing');
  requireProbability(p, 'oversample by mixing');
  const label = `cmo(${alpha}, ${p})`;
  return {
    label,
    mixes: true,
    relabels: p > 0,
    partner: 'class', // weights 1/n_c per image, n_c images of a class: each class has probability 1/C
    tensors: (batch, rng, pass) => {
      if (!happens(p, { rng, pass })) return batch;
      const own = labelled(batch, label);
      const [, , height = 0, width = 0] = own.images.shape;
      const box = drawBox(drawBeta(alpha, rng), { height, width, rng });
      const share = areaShare(box, { height, width });
      if (share === 0) return batch;
      if (pass.partner === undefined)
        throw new Error(`Cannot use ${label}: it must be given a second batch; draw batches by \`stream\``);
      const other = labelled(pass.partner(), label);
      const images = pasted(own.images, within(other.images, box), box);
      return { ...batch, images, targets: sharedTargets(own, other.labels, 1 - share) };
    },
  };
};
