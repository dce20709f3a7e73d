export { type Backbone, backbone } from './backbone.js';
export { type BilateralNet, type BnScope, bilateralNetwork, HEADS } from './bilateral.js';
export { classifier } from './classifier.js';
export { type CellSpace, cellKind, checkShape, type NetShape } from './shape.js';
export {
  type Alpha,
  BACKBONE,
  derivedNetwork,
  freeze,
  freshAlpha,
  type SingleBranchNet,
  type Supernet,
  searchNetwork,
} from './supernet.js';
