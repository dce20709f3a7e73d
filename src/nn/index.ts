export { type BatchNorm, batchNorm, conv, type Layer, linear } from './layers.js';
export { type Init, type Parameter, ParameterStore, type Store } from './parameters.js';
