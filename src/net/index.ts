export type { Choice } from './alphas.js';
export {
  type BilateralModel,
  type BilateralNet,
  type BnScope,
  type Branching,
  bilateralNetwork,
  derivedBilateralNetwork,
  HEADS,
} from './bilateral.js';
export { AUXILIARY, CLASSIFIER, type DerivedNet, type DerivedOptions, derivedNetwork } from './derived.js';
export { countMacs } from './macs.js';
export { type Alpha, type Answer, BACKBONE, freeze, type Model, type Supernet } from './model.js';
export { models } from './models.js';
export { resnet } from './resnet.js';
export { searchNetwork } from './search-network.js';
export { cellKind, cellKinds, checkShape, type NetShape, type TaskShape } from './shape.js';
