export { type DartsOptions, darts } from './darts.js';
export { DivergedError } from './diverged.js';
export type { At, Context, Json, Learner, LearnerRecord, StepReport, StreamSpec } from './learner.js';
export { type Branches, bilateralObjective, type Objective, type Outcome, plainObjective } from './objective.js';
export { type PhaseTime, type StepProfile, type StepProfiler, stepProfiler, type WorkTime } from './profiler.js';
export { type SupervisedOptions, supervised } from './supervised.js';
export { type WeightTraining, weightStep } from './weight-step.js';
