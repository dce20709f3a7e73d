import { ofNumbers, registry } from '../label/index.js';
import { balancedSoftmax } from './balanced-softmax.js';
import { crossEntropy } from './cross-entropy.js';
import type { Loss } from './loss.js';

/** Every loss that has a spelling. */
export const losses = registry<Loss>('loss', {
  'cross-entropy': ofNumbers('cross-entropy', crossEntropy),
  'balanced-softmax': ofNumbers('balanced-softmax', balancedSoftmax),
});
