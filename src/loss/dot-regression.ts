import { div, mul, square, sub, sum, to } from '../tensor/index.js';
import { type Loss, perImage, requireLogits } from './loss.js';
import { oneHot } from './one-hot.js';

/**
 * Dot regression (Yang et al. 2022) of features h onto fixed directions m: ½ (⟨h, m_y⟩ − 1)². It draws every image to
 * its own class and pushes it from none, which only directions that stay apart by themselves allow: the classifier
 * `etf`.
 */
export const dotRegression = (): Loss => {
  const kind = { label: 'dot-regression', needs: 'fixed cosines' } as const;
  return {
    ...kind,
    prior: () => undefined, // no softmax, so no p(y | x)
    build: (_, of = {}) => {
      const { scale = 1 } = requireLogits(kind, of) ?? {};
      return perImage((logits, labels) => {
        const own = sum(mul(logits, to(oneHot(labels, logits), { dtype: logits.dtype })), { dim: 1 });
        return mul(square(sub(div(own, scale), 1)), 0.5);
      });
    },
  };
};
