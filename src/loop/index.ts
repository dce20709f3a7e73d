export { evaluate, type Tested, test } from './evaluate.js';
export type { Mistaken } from './mistakes.js';
export { type Epoch, firstEpochs, knobsAt, type Phase, type StopRule, totalEpochs } from './phase.js';
export { logShift, type NamedPrior, normalised, shifted } from './priors.js';
export { type Live, type LoopEvent, type LoopOptions, runPhases } from './run.js';
export type { Seen } from './seen.js';
export { CheckpointError, readStanding, restoreTensors } from './snapshot.js';
