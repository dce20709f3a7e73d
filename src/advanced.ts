/**
 * Everything that `tailnas` is made of: losses, schedules, cells, networks, learners and their registries, for methods
 * and modules of your own. `tailnas` itself has what most programs need.
 * @module tailnas/advanced
 */
export * from './augment/index.js';
export {
  addDataFormat,
  arraySource,
  type DataFormat,
  type Dataset,
  type DatasetPlan,
  type Failure,
  type FoundImages,
  findImages,
  type ImageShape,
  type Imbalance,
  longTailCounts,
  planDataset,
  Rng,
  type Sampling,
} from './data/index.js';
export * from './experiment/index.js';
export { exportOnnx, type OnnxExport } from './export/index.js';
export { type FitEnd, type FitEvent, type FitRequest, fit, resumeFit } from './fit/index.js';
export { type Forecast, forecast, MemoryError } from './forecast/index.js';
export { type Group, joinGroup, type Launch, launchOf, PeerError } from './group/index.js';
export { type Argument, type Entry, numbers, type Registry, registry, word } from './label/index.js';
export * from './learn/index.js';
export * from './loop/index.js';
export * from './loss/index.js';
export * from './net/index.js';
export * from './nn/index.js';
export * from './optim/index.js';
export {
  bestAnswer,
  cellLines,
  defaultRunDir,
  type EpochRecord,
  type Evaluation,
  openRun,
  printCell,
  type RunFolder,
  type RunInfo,
} from './run/index.js';
export * from './schedule/index.js';
export * from './session/index.js';
export * from './space/index.js';
