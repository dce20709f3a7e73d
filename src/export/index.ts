/**
 * A trained network as files that other programs read: ONNX, safetensors, transformers.js, a page, a model card.
 * @module
 */
export { modelCard } from './card.js';
export { CHECKED_IMAGES, TOLERANCE } from './check.js';
export { placeDemo } from './demo.js';
export { type Exportable, withExportable } from './network.js';
export { exportOnnx, type OnnxExport, placeOnnx } from './onnx-file.js';
export { placeFile, requireFree } from './place.js';
export { type FolderExport, placeTransformers } from './transformers.js';
export { placeWeights, type WeightsExport } from './weights.js';
