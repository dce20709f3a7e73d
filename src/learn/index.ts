export { assumedPrior } from './assumed-prior.js';
export { archData, type DartsOptions, darts } from './darts.js';
export { DivergedError, requireFiniteLoss, requireFiniteWeights } from './diverged.js';
export {
  type At,
  type Context,
  type Json,
  type Learner,
  type LearnerRecord,
  type SampleSpec,
  type StepReport,
  type StreamSpec,
  UnfitError,
} from './learner.js';
export { type Branches, bilateralObjective, type Objective, type Outcome, plainObjective } from './objective.js';
export { type PhaseTime, type StepProfile, type StepProfiler, stepProfiler, type WorkTime } from './profiler.js';
export { settled } from './settled.js';
export { type SupervisedOptions, supervised } from './supervised.js';
export { type WeightTraining, weightStep } from './weight-step.js';
