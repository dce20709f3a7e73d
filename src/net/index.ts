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
export type { Classifier, ClassifierShape } from './classifier.js';
export { classifiers } from './classifiers.js';
export { cosineClassifier } from './cosine-classifier.js';
export { AUXILIARY, CLASSIFIER, type DerivedNet, type DerivedOptions, derivedNetwork } from './derived.js';
export { etfClassifier, simplexFrame } from './etf-classifier.js';
export { learnedScale, SCALE } from './learned-scale.js';
export { linearClassifier } from './linear-classifier.js';
export { countMacs } from './macs.js';
export { type Alpha, type Answer, BACKBONE, freeze, type Model, plainModel, type Supernet } from './model.js';
export { models } from './models.js';
export { resnet } from './resnet.js';
export { searchNetwork } from './search-network.js';
export { cellKind, cellKinds, checkShape, type NetShape, type TaskShape } from './shape.js';
export { TAUS, tauNormalised } from './tau-normalised.js';
