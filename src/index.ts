/**
 * Neural architecture search for long-tailed images: what the `tailnas` command does, as a library.
 * @module
 */
export {
  type Dataset,
  type DatasetPlan,
  type Imbalance,
  longTailCounts,
  planDataset,
  type Sampling,
} from './data/index.js';
export * from './loss/index.js';
export * from './method/index.js';
export * from './net/index.js';
export * from './nn/index.js';
export * from './optim/index.js';
export * from './recipes/index.js';
export {
  bestMixing,
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
export * from './space/index.js';
export * from './train/index.js';
