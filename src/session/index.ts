export { requireCheckpoint } from './checkpoint.js';
export { type DataOrigin, requireSameData } from './data-origin.js';
export {
  type DataRequest,
  dataTexts,
  planData,
  recordedRequest,
  requestOf,
  sizesOf,
  thinnedText,
} from './data-request.js';
export type { RunEvent, RunRequest, RunResult, Sink, Watch } from './events.js';
export { type OpenModel, open } from './open.js';
export { reopen, resumeRun } from './resume.js';
export { prepare, startRun, usualMachine } from './start.js';
export { type TrainRequest, train } from './train.js';
export { tailnasVersion } from './versions.js';
export { type Underway, withResult } from './with-result.js';
