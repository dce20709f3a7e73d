import { add, tensor, to } from '../tensor/index.js';
import { crossEntropyLoss } from './cross-entropy-loss.js';
import { type Loss, requireImages, requireParameters } from './loss.js';

/**
 * Logit-adjusted loss (Menon et al. 2021): cross-entropy of logits + τ log π_c, π_c the share of class c in the
 * training images. τ = 1 is balanced softmax.
 */
export const logitAdjusted = (tau = 1): Loss => {
  const label = `logit-adjusted(${tau})`;
  requireParameters('logit-adjusted', { tau }, { rule: '>= 0', holds: (t) => t >= 0 });
  return {
    label,
    prior: (drawn, { counts }) => drawn.map((share, c) => share / (counts[c] ?? 1) ** tau),
    build: (counts) => {
      const total = requireImages(counts, label).reduce((a, b) => a + b);
      const shift = counts.map((n) => tau * Math.log(n / total));
      const criterion = crossEntropyLoss().build(counts);
      return (logits, targets, pass) => {
        const { dtype, device } = logits;
        return criterion(add(logits, to(tensor(shift, { dtype: 'float64' }), { dtype, device })), targets, pass);
      };
    },
  };
};
