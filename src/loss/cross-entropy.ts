import { crossEntropy as aten } from '../tensor/index.js';
import type { Loss } from './loss.js';

/** The mean of −log softmax(logits)[label]: every image counts the same. */
export const crossEntropy = (): Loss => ({
  label: 'cross-entropy',
  build: () => (logits, labels) => aten(logits, labels),
});
