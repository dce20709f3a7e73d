export { crossEntropy } from './cross-entropy.js';
export type { Criterion, Loss } from './loss.js';
