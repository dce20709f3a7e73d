export { type BatchNorm, batchNorm, conv, convWeight, fullyConnected, type Layer } from './layers.js';
export { type Init, type Parameter, ParameterStore, type Store } from './parameters.js';
export { type SeparableHalf, separableHalf } from './separable.js';
