import { add, tensor, to } from '../tensor/index.js';
import { crossEntropyLoss } from './cross-entropy-loss.js';
import { type Loss, requireImages } from './loss.js';

/** Balanced softmax (Ren et al. 2020): cross-entropy of logits + log n_c, n_c the training images of class c. */
export const balancedSoftmax = (): Loss => ({
  label: 'balanced-softmax',
  prior: (drawn, { counts }) => drawn.map((share, c) => share / (counts[c] ?? 1)),
  build: (counts) => {
    const logCounts = requireImages(counts, 'balanced-softmax').map(Math.log);
    const criterion = crossEntropyLoss().build(counts);
    return (logits, targets, pass) => {
      const { dtype, device } = logits;
      const prior = to(tensor(logCounts, { dtype: 'float64' }), { dtype, device });
      return criterion(add(logits, prior), targets, pass);
    };
  },
});
