import { crossEntropy as aten } from '../tensor/index.js';
import { type Loss, overTargets } from './loss.js';

/** The mean of −log softmax(logits)[label]: every image counts the same. */
export const crossEntropy = (): Loss => ({
  label: 'cross-entropy',
  build: () => overTargets((logits, labels, { reduction }) => aten(logits, labels, { reduction })),
});
