/**
 * From a folder of imbalanced images to a network that works on the rare classes too: what the `tailnas` command does,
 * as a library. `tailnas/advanced` has the parts that it is made of, `tailnas/tensor` libtorch, `tailnas/report` tables
 * and figures.
 * @module tailnas
 */
export {
  arraySource,
  type Dataset,
  type DatasetPlan,
  type Failure,
  type FoundImages,
  findImages,
  type ImageSet,
  type Imbalance,
  longTailCounts,
  planDataset,
  type Sampling,
} from './data/index.js';
export {
  type Experiment,
  experiments,
  type Plan,
  type Scale,
  scaled,
  type TrainingRecipe,
  training,
  trainingRecipes,
  type Values,
} from './experiment/index.js';
export { exportOnnx, type OnnxExport } from './export/index.js';
export { type FitEnd, type FitEvent, type FitRequest, fit, resumeFit } from './fit/index.js';
export { type Forecast, forecast, MemoryError } from './forecast/index.js';
export { DivergedError, UnfitError } from './learn/index.js';
export { CheckpointError, type Live, type LoopEvent, runPhases } from './loop/index.js';
export {
  type EpochRecord,
  type Evaluation,
  type Genotypes,
  openRun,
  printCell,
  type RunFolder,
  type RunInfo,
} from './run/index.js';
export {
  type DataRequest,
  type EvaluatedOn,
  evaluateOn,
  type LoadedImages,
  loadImages,
  type OpenModel,
  open,
  type Prediction,
  type Predictions,
  type PredictOptions,
  predict,
  predictions,
  type RunEvent,
  type RunRequest,
  type RunResult,
  resumeRun,
  type SearchRequest,
  search,
  startRun,
  type TrainRequest,
  tailnasVersion,
  train,
  type Underway,
  type Watch,
} from './session/index.js';
