export type { Augment } from './augment.js';
export { augments, expandAugment, parseAugment } from './augments.js';
export { batchToTensors } from './batch-to-tensors.js';
export { crop } from './crop.js';
export { cutout } from './cutout.js';
export { flip } from './flip.js';
