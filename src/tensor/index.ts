/**
 * libtorch for TypeScript: tensors, automatic differentiation, scoped memory, and every aten operator through `call`.
 * @module
 */
export { enableGrad, grad, noGrad } from './autograd.js';
export type { Data, Dtype } from './dtype.js';
export * from './functional.js';
export {
  fusedByDefault,
  kernels,
  type NodeTerm,
  type NormState,
  nodeSum,
  type Reader,
  type Reading,
  type Reads,
  readSource,
  UnknownKernelsError,
} from './fused.js';
export { type Arg, call, schemaOf, tensorOp, tensorsOp, voidOp } from './operator.js';
export * from './ops.js';
export { type EngineWork, engineProfile } from './profile.js';
export {
  parseSafetensors,
  readMetadata,
  readSafetensors,
  type TensorFile,
  toSafetensors,
  writeSafetensors,
} from './safetensors.js';
export { libtorch, memory, requireDevice, rng, threads } from './system.js';
export { liveTensors, scope, Tensor, tensor } from './tensor.js';
