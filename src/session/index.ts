export { requireCheckpoint } from './checkpoint.js';
export type { DataOrigin } from './data-origin.js';
export { type DataRequest, planData, recordedRequest, requestOf, sizesOf } from './data-request.js';
export { type EvaluatedOn, type EvaluateOnOptions, evaluateOn, type UnknownClass } from './evaluate-on.js';
export type { RunEvent, RunRequest, RunResult, Sink, Watch } from './events.js';
export { type ImagePaths, type LoadedImages, loadImages, shapeOf } from './load-images.js';
export { type OpenModel, open } from './open.js';
export {
  type PredictEvent,
  type Prediction,
  type Predictions,
  type PredictOptions,
  predict,
  predictions,
  requireTrained,
} from './predict.js';
export { reopen, resumeRun } from './resume.js';
export { startRun } from './start.js';
