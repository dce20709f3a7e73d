export { childArguments, startChild } from './child.js';
export { expectedSeconds } from './cost.js';
export { type Child, type ChildExit, type Execution, execute, type Outcome } from './execute.js';
export { type Outputs, writeOutputs } from './outputs.js';
export { type PlannedRun, planRuns, type Request, rowOf, stateText } from './plan.js';
export { type Study, type StudyName, study, studyNames } from './studies.js';
export { whenFree } from './wait.js';
export { workDone } from './work.js';
