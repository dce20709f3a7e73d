export { type DataRequest, type DataSizes, planData, sizesOf } from './data-request.js';
export { DivergedError } from './diverged.js';
export { type Estimate, estimate } from './estimate.js';
export { evaluate, MIXINGS, type Tested, test } from './evaluate.js';
export { MemoryError, type MemoryNeed } from './fit.js';
export { archLr, type Continuation, type Phase, phasesOf, SEARCH_PHASE, totalEpochs } from './phase.js';
export {
  type PhaseTime,
  type StepProfile,
  type StepProfiler,
  stepProfiler,
  type Work,
} from './profiler.js';
export { describeRecipe, type Recipe, varied, weightLr } from './recipe.js';
export { type Epoch, type Genotypes, type Search, type SearchEvent, search } from './search.js';
export {
  type RunEvent,
  type RunRequest,
  type RunResult,
  recipeOf,
  reopen,
  resumeRun,
  startRun,
} from './session.js';
export { checkSettings, type Settings } from './settings.js';
export { type StepInput, type StepReport, searchStep, type Trainee } from './step.js';
