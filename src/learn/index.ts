export { assumedPrior } from './assumed-prior.js';
export {
  type Chooser,
  type Controller,
  type ControllerOptions,
  controller,
  type Decided,
  likeliest,
  sampling,
  samplingBy,
} from './controller.js';
export { archData, type DartsOptions, darts } from './darts.js';
export { DivergedError, requireFiniteLoss, requireFiniteWeights } from './diverged.js';
export { controllerTensors, type EnasOptions, enas } from './enas.js';
export { aged, better, type EvolutionOptions, evolve, nextCandidate, type Scored } from './evolution.js';
export {
  type At,
  type Context,
  type EpochWork,
  type Json,
  type Learner,
  type LearnerRecord,
  type SampleSpec,
  type StepReport,
  type StreamSpec,
  UnfitError,
  type WorkPart,
} from './learner.js';
export { type Branches, bilateralObjective, type Objective, type Outcome, plainObjective } from './objective.js';
export { drawn, placesOf, takePath } from './paths.js';
export { type PhaseTime, type StepProfile, type StepProfiler, stepProfiler, type WorkTime } from './profiler.js';
export { decisions, projecting, projectionEpochs } from './projection.js';
export { type Reinforce, type ReinforceOptions, reinforce, reinforceLoss } from './reinforce.js';
export { type SelectionOptions, type Strategy, selection } from './selection.js';
export { settled } from './settled.js';
export { type SinglePathOptions, singlePath } from './single-path.js';
export { type SupervisedOptions, supervised } from './supervised.js';
export { type WeightTraining, weightStep } from './weight-step.js';
