import { crossEntropy } from '../tensor/index.js';
import { type Loss, overTargets } from './loss.js';

/** The mean of −log softmax(logits)[label]: every image counts the same. */
export const crossEntropyLoss = (): Loss => ({
  label: 'cross-entropy',
  build: () => overTargets((logits, labels, { reduction }) => crossEntropy(logits, labels, { reduction })),
});
