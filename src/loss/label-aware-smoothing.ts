import {
  add,
  crossEntropy as aten,
  indexSelect,
  logSoftmax,
  mean,
  mul,
  sub,
  type Tensor,
  tensor,
  to,
} from '../tensor/index.js';
import { type Loss, perImage, requireImages, requireParameters } from './loss.js';

/** ε of each class; where all classes have as many images, each is as large as the largest. */
const smoothing = (counts: readonly number[], { head, tail }: { head: number; tail: number }): number[] => {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const place = (n: number): number => (most === least ? 1 : (n - least) / (most - least));
  return counts.map((n) => tail + (head - tail) * Math.sin((place(n) * Math.PI) / 2));
};

/**
 * Label-aware smoothing (MiSLAS, Zhong et al. 2021), in its concave form:
 * (1 − ε_y) (−log p_y) + ε_y · mean_c(−log p_c), with
 * ε_c = tail + (head − tail) sin(π/2 · (n_c − n_min) / (n_max − n_min)).
 * Large classes are the most sure of themselves, and are smoothed the most: by 0.3 on CIFAR-10-LT 100, the smallest
 * class by 0. Made for a second stage that trains the classifier alone.
 */
export const labelAwareSmoothing = (head = 0.3, tail = 0): Loss => {
  const label = `label-aware-smoothing(${head}, ${tail})`;
  requireParameters(
    'label-aware-smoothing',
    { head, tail },
    { rule: '>= 0 and < 1', holds: (epsilon) => epsilon >= 0 && epsilon < 1 },
  );
  return {
    label,
    // What is smoothed is learned as if it were seen: large classes give shares away, and by how much depends on x.
    ...(head === 0 && tail === 0 ? {} : { prior: () => undefined }),
    build: (counts) => {
      const byClass = smoothing(requireImages(counts, label), { head, tail });
      return perImage((logits, labels): Tensor => {
        const { dtype, device } = logits;
        const epsilon = indexSelect(to(tensor(byClass, { dtype: 'float64' }), { dtype, device }), 0, labels);
        const own = aten(logits, labels, { reduction: 'none' });
        const all = mul(mean(logSoftmax(logits), { dim: 1 }), -1);
        return add(own, mul(sub(all, own), epsilon));
      });
    },
  };
};
