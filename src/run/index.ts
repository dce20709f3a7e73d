export type { Checkpoint, CheckpointFile, CheckpointStore, Position } from './checkpoints.js';
export { createRun, defaultRunDir, openRun, type RunFolder } from './folder.js';
export { cellLines, printCell } from './print-cell.js';
export {
  type CellGenotype,
  cellGenotype,
  type EpochRecord,
  type Evaluation,
  epochRecord,
  evaluation,
  type Genotypes,
  genotypes,
  type RecipeRecord,
  type RunInfo,
  runInfo,
  type Sweep,
} from './record.js';
export { bestMixing, type Confusion, rankGroups, rankOrder, type Scores, scores, shotGroups } from './scores.js';
