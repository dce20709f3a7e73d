import type { Target } from '../nn/index.js';
import { indexSelect, mul, type Tensor, tensor, to } from '../tensor/index.js';
import { type Criterion, type Loss, requireImages, requireParameters } from './loss.js';

/** Of the effective number of images, as its authors publish it for long-tailed CIFAR. */
export const USUAL_BETA = 0.9999;

/** The knob that says how strongly classes are weighed: 0 not at all, 1 wholly. */
export const REWEIGHT = 'reweight';

/** Throws a RangeError unless β can be one. */
export const requireBeta = (loss: string, beta: number): void =>
  requireParameters(loss, { beta }, { rule: '>= 0 and < 1', holds: (b) => b >= 0 && b < 1 });

/**
 * Weights of classes by their effective number of images (Cui et al. 2019): w_c = (1 − β) / (1 − β^n_c), times C / Σ w,
 * so that their mean over classes is 1. β = 0 weighs all alike, β → 1 by 1 / n_c.
 */
export const classWeights = (
  counts: readonly number[],
  { beta = USUAL_BETA, label }: { beta?: number; label: string },
): number[] => {
  requireBeta(label, beta);
  // expm1, since 1 − β^n loses digits where β^n is near 1.
  const raw = requireImages(counts, label).map((n) => (1 - beta) / -Math.expm1(n * Math.log(beta)));
  const sum = raw.reduce((a, b) => a + b);
  return raw.map((w) => (w * raw.length) / sum);
};

const weigh = ({ labels, share }: Target, weights: Tensor): Target => ({
  labels,
  share: mul(indexSelect(weights, 0, labels), share),
});

/**
 * A criterion in which every image counts by the weight of its label. The result is the mean of w · loss over the
 * batch, and is not divided by the batch's Σ w: a batch without rare classes takes a small step. Dividing, as
 * `CrossEntropyLoss(weight)` of PyTorch does, would give every batch the same weight. For instance-sampled batches of
 * CIFAR-10-LT 100 (β = 0.9999) the two differ by a factor of 0.17 in the mean.
 */
export const weighed =
  (criterion: Criterion, weights: readonly number[]): Criterion =>
  (logits, targets, pass) => {
    const { dtype, device } = logits;
    const own = to(tensor(weights, { dtype: 'float64' }), { dtype, device });
    const scaled = targets.map((target) => weigh(target, own));
    return criterion(logits, scaled, pass);
  };

/**
 * Deferred re-weighting (DRW, Cao et al. 2019) over any loss: at knob `reweight` k an image counts 1 + k (w − 1) times,
 * w the weight of its class by effective number. With the schedule `step(0.8)` the first four fifths of training are
 * the loss itself, to the bit. The mean over the batch is not divided by Σ w, as in the published mixup with DRW; the
 * code of LDAM-DRW divides. Logits assume the prior that the last k makes.
 */
export const reweighted = (loss: Loss, { beta = USUAL_BETA }: { beta?: number } = {}): Loss => ({
  ...loss,
  prior: (drawn, { counts, knobs }) => {
    const weights = classWeights(counts, { beta, label: `re-weighted ${loss.label}` });
    const k = knobs[REWEIGHT] ?? 0;
    const before = loss.prior === undefined ? drawn : loss.prior(drawn, { counts, knobs });
    return before?.map((share, c) => share * (1 + k * ((weights[c] ?? 1) - 1)));
  },
  build: (counts, of) => {
    const plain = loss.build(counts, of);
    const weights = classWeights(counts, { beta, label: `re-weighted ${loss.label}` });
    return (logits, targets, pass) => {
      const k = pass.knobs[REWEIGHT] ?? 0;
      if (k === 0) return plain(logits, targets, pass);
      return weighed(
        plain,
        weights.map((w) => 1 + k * (w - 1)),
      )(logits, targets, pass);
    };
  },
});
