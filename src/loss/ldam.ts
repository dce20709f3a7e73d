import { crossEntropy as aten, div, mul, sub, tensor, to } from '../tensor/index.js';
import { type Loss, perImage, requireImages, requireLogits, requireParameters } from './loss.js';
import { oneHot } from './one-hot.js';

/**
 * Label-distribution-aware margins (LDAM, Cao et al. 2019): cross-entropy of scale · (cos θ_c − m_y [c = y]), m_c =
 * maxMargin · n_c^(−1/4) / max n^(−1/4): the rarer a class, the wider its margin. It needs logits that are cosines; the
 * scale is its own, whatever that of the classifier is, and 30 is the default of both.
 */
export const ldam = (maxMargin = 0.5, scale = 30): Loss => {
  requireParameters('ldam', { maxMargin }, { rule: '>= 0', holds: (m) => m >= 0 });
  requireParameters('ldam', { scale }, { rule: '> 0', holds: (s) => s > 0 });
  const kind = { label: `ldam(${maxMargin}, ${scale})`, needs: 'cosines' } as const;
  return {
    ...kind,
    prior: () => undefined, // with a margin the best logits are not those of p(y | x)
    build: (counts, of = {}) => {
      const { scale: theirs = 1 } = requireLogits(kind, of) ?? {};
      const rates = requireImages(counts, kind.label).map((n) => n ** -0.25);
      const margins = rates.map((rate) => (maxMargin * rate) / Math.max(...rates));
      return perImage((logits, labels) => {
        const { dtype, device } = logits;
        const margin = to(tensor(margins, { dtype: 'float64' }), { dtype, device });
        const cosines = theirs === 1 ? logits : div(logits, theirs);
        const z = mul(sub(cosines, mul(to(oneHot(labels, logits), { dtype }), margin)), scale);
        return aten(z, labels, { reduction: 'none' });
      });
    },
  };
};
