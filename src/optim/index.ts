export { adam } from './adam.js';
export { archOptimizer } from './arch-optimizer.js';
export { clipNorm } from './clip.js';
export type { Optimizer } from './optimizer.js';
export { sgd, type VectorOptimizer } from './sgd.js';
