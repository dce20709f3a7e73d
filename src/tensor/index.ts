/**
 * libtorch for TypeScript: tensors, automatic differentiation, scoped memory, and every aten operator through `call`.
 * @module tailnas/tensor
 */
export { enableGrad, grad, noGrad } from './autograd.js';
export { type Data, type Dtype, viewAs } from './dtype.js';
export * from './functional.js';
export { fusedByDefault, kernels, UnknownKernelsError } from './kernels.js';
export { type Arg, call, schemaOf, tensorOp, tensorsOp, voidOp } from './operator.js';
export * from './ops.js';
export { type Meeting, processes } from './processes.js';
export { type EngineWork, engineProfile } from './profile.js';
export {
  parseSafetensors,
  readMetadata,
  readSafetensors,
  type TensorFile,
  toSafetensors,
  withMetadata,
  writeSafetensors,
} from './safetensors.js';
export { libtorch, memory, requireDevice, rng, threads, useDevice } from './system.js';
export { liveTensors, scope, Tensor, tensor } from './tensor.js';
export { type TracedCall, trace, tracing } from './trace.js';
