export { type DataRequest, planData } from './data-request.js';
export { DivergedError } from './diverged.js';
export { type DataSizes, type Estimate, estimate } from './estimate.js';
export { type Tested, test } from './evaluate.js';
export { type Confusion, type Scores, scores, shotGroups } from './metrics.js';
export { archLr, describeRecipe, type Recipe, weightLr } from './recipe.js';
export { type Epoch, type Genotypes, type Search, type SearchEvent, search } from './search.js';
export {
  evaluationOf,
  type RunEvent,
  type RunRequest,
  type RunResult,
  recipeOf,
  reopen,
  resumeRun,
  startRun,
} from './session.js';
export { checkSettings, type Settings } from './settings.js';
export { type StepReport, searchStep, type Trainee } from './step.js';
