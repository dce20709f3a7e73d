export type { Augment } from './augment.js';
export { augments, expandAugment, parseAugment, withoutFlip } from './augments.js';
export { batchToTensors, type ImageFormat } from './batch-to-tensors.js';
export { crop } from './crop.js';
export { cutout } from './cutout.js';
export { flip } from './flip.js';
