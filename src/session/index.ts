export { type DataRequest, planData, recordedRequest, sizesOf } from './data-request.js';
export type { RunEvent, RunRequest, RunResult, Sink, Watch } from './events.js';
export { open, type OpenModel } from './open.js';
export { reopen, resumeRun } from './resume.js';
export { startRun } from './start.js';
