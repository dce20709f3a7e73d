export { requireCheckpoint } from './checkpoint.js';
export { type DataOrigin, fromOrigin, requireSameData } from './data-origin.js';
export {
  type DataRequest,
  planData,
  recordedRequest,
  requestOf,
  requireRoom,
  sizesOf,
} from './data-request.js';
export { augmentText, dataTexts, thinnedText } from './data-texts.js';
export { type EvaluatedOn, type EvaluateOnOptions, evaluateOn, type UnknownClass } from './evaluate-on.js';
export { type RunEvent, type RunRequest, type RunResult, type Sink, type Watch, watchNames } from './events.js';
export { noticesBefore, openParent } from './fork.js';
export { type ImagePaths, type LoadedImages, loadImages, shapeOf } from './load-images.js';
export { type OpenModel, open } from './open.js';
export {
  type PredictEvent,
  type Prediction,
  type Predictions,
  type PredictOptions,
  predict,
  predictions,
} from './predict.js';
export { requireTrained } from './require-trained.js';
export { type Given, givenNames, reopen, resumeRun } from './resume.js';
export { type SearchRequest, search } from './search.js';
export { prepare, startRun, usualMachine } from './start.js';
export { requireShared } from './together.js';
export { type TrainRequest, train } from './train.js';
export { augmentOf, fitting } from './unfit.js';
export { tailnasVersion } from './versions.js';
export { type Underway, withResult } from './with-result.js';
