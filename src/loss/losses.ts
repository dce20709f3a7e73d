import { type Entry, registry } from '../label/index.js';
import { balancedSoftmax } from './balanced-softmax.js';
import { crossEntropy } from './cross-entropy.js';
import type { Loss } from './loss.js';

const plain = (usage: string, make: () => Loss): Entry<Loss> => ({
  usage,
  make: (args) => (args.length === 0 ? make() : undefined),
});

/** Every loss that has a spelling: `losses.read('balanced-softmax')`. */
export const losses = registry<Loss>('loss', {
  'cross-entropy': plain('cross-entropy', crossEntropy),
  'balanced-softmax': plain('balanced-softmax', balancedSoftmax),
});
