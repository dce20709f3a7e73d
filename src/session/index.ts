export { requireCheckpoint } from './checkpoint.js';
export type { DataOrigin } from './data-origin.js';
export { type DataRequest, planData, recordedRequest, requestOf, sizesOf } from './data-request.js';
export type { RunEvent, RunRequest, RunResult, Sink, Watch } from './events.js';
export { type OpenModel, open } from './open.js';
export { reopen, resumeRun } from './resume.js';
export { startRun } from './start.js';
export { tailnasVersion } from './versions.js';
