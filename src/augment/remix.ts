import type { Augment } from './augment.js';
import { drawBeta } from './beta.js';
import { happens, inOrder, labelled, randomOrder, requireAlpha, requirePairs, sharedTargets } from './mix.js';
import { blended } from './mixup.js';

/** When the rarer of two labels takes all. */
export interface RemixRule {
  /** How many times as many images the other class must have. */
  readonly kappa: number;
  /** λ, or 1 − λ, of the other's image must be below this. */
  readonly tau: number;
}

/**
 * λ_y, the share of the first label, of classes with `count` and `other` training images: 0 if count/other ≥ κ and λ <
 * τ, 1 if count/other ≤ 1/κ and 1 − λ < τ, else λ (Chou et al. 2020, eq 6).
 */
export const labelShare = (
  lambda: number,
  { count, other, kappa, tau }: RemixRule & { count: number; other: number },
): number => {
  if (count >= kappa * other && lambda < tau) return 0;
  if (count * kappa <= other && 1 - lambda < tau) return 1;
  return lambda;
};

const requireRule = ({ kappa, tau }: RemixRule): void => {
  if (!(kappa > 1 && Number.isFinite(kappa)))
    throw new RangeError(`Cannot remix: kappa, a ratio of class sizes, must be a number > 1, got ${kappa}`);
  if (!(tau >= 0 && tau <= 1)) throw new RangeError(`Cannot remix: tau must be from 0 to 1, got ${tau}`);
};

/**
 * Remix (Chou et al. 2020): the images of mixup, but where one class is kappa times as large as the other and shows
 * less than tau of itself, the label is the rarer one's alone. Every pair has its own share. The published setting is
 * remix(1, 3, 0.5). Throws a RangeError unless alpha > 0, kappa > 1 and tau is in [0, 1].
 */
export const remix = (alpha: number, kappa: number, tau: number): Augment => {
  requireAlpha(alpha, 'remix images');
  requireRule({ kappa, tau });
  const label = `remix(${alpha}, ${kappa}, ${tau})`;
  return {
    label,
    mixes: true,
    relabels: true,
    check: (data) => {
      requirePairs(label)(data);
      const empty = data.counts.findIndex((count) => !(count > 0));
      if (empty >= 0)
        throw new RangeError(
          `Cannot use ${label}: every class must have training images, class ${empty} has ${data.counts[empty]}; ` +
            'add images or use mixup',
        );
    },
    tensors: (batch, rng, pass) => {
      if (!happens(1, { rng, pass })) return batch;
      const own = labelled(batch, label);
      const lambda = drawBeta(alpha, rng);
      const order = randomOrder(own.labels.shape[0] ?? 0, rng);
      const classes = own.labels.toArray();
      const countAt = (image: number): number => {
        const count = pass.counts[classes[image] ?? 0];
        if (count === undefined)
          throw new RangeError(`Cannot use ${label}: it needs the images of class ${classes[image]}, they are unknown`);
        return count;
      };
      const shares = classes.map((_, i) =>
        labelShare(lambda, { count: countAt(i), other: countAt(order[i] ?? 0), kappa, tau }),
      );
      const targets = sharedTargets(own, inOrder(own.labels, order), shares);
      return { ...batch, images: blended(own, { lambda, order }), targets };
    },
  };
};
