export { balancedSoftmax } from './balanced-softmax.js';
export { crossEntropy } from './cross-entropy.js';
export { type Criterion, type Loss, overTargets, requireImages } from './loss.js';
export { losses } from './losses.js';
