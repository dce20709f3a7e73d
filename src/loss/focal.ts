import { crossEntropy as aten, exp, logSoftmax, logSumExp, maskedFill, mul } from '../tensor/index.js';
import { type Loss, perImage, requireParameters } from './loss.js';
import { oneHot } from './one-hot.js';

/** Throws a RangeError unless γ can be one. */
export const requireGamma = (loss: string, gamma: number): void =>
  requireParameters(loss, { gamma }, { rule: '>= 0', holds: (g) => g >= 0 });

/**
 * Focal loss (Lin et al. 2017) of a softmax: −(1 − p)^γ log p, p the probability of the label. γ = 0 is cross-entropy.
 * (1 − p)^γ is exp(γ log Σ of the other classes' probabilities): neither the value nor the gradient is lost where p is
 * 0 or 1 to the last digit. Weights of classes multiply the result and do not enter p.
 */
export const focal = (gamma = 2): Loss => {
  requireGamma('focal', gamma);
  const criterion = perImage((logits, labels) => {
    const others = maskedFill(logSoftmax(logits), oneHot(labels, logits), Number.NEGATIVE_INFINITY);
    return mul(exp(mul(logSumExp(others), gamma)), aten(logits, labels, { reduction: 'none' }));
  });
  const label = `focal(${gamma})`;
  // Above 0 it is no proper scoring rule: the best logits are not those of p(y | x).
  return gamma === 0 ? { label, build: () => criterion } : { label, prior: () => undefined, build: () => criterion };
};
