export type { Target, TensorBatch } from './batch.js';
export type { Cosines } from './cosines.js';
export {
  type BatchNorm,
  batchNormLayer,
  conv,
  convWeight,
  fullyConnected,
  type Layer,
  type NormState,
  requireSeveral,
} from './layers.js';
export { type Freezing, type Init, type Parameter, ParameterStore, type Store } from './parameters.js';
export { type Knobs, type Pass, testing } from './pass.js';
export { recalibrate } from './recalibrate.js';
export { takeOver } from './take-over.js';
