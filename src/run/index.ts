export { changeText } from './changes.js';
export type { Checkpoint, CheckpointFile, CheckpointStore, Position } from './checkpoints.js';
export { FileError } from './file-error.js';
export {
  type FitNetwork,
  type FitOutcome,
  type FitPart,
  type FitPlan,
  fitNetworks,
  fitPartDir,
  fitParts,
  isFit,
  readFitOutcome,
  readFitPlan,
  runDirOf,
  writeFitOutcome,
  writeFitPlan,
} from './fit.js';
export { createRun, defaultRunDir, openRun, type RunFolder } from './folder.js';
export { listCells, type RunPictures, readPictures, writeCells, writePictures } from './pictures.js';
export { cellLines, printCell } from './print-cell.js';
export {
  type Answers,
  type CellGenotype,
  cellGenotype,
  type EpochRecord,
  type Evaluation,
  type ExperimentRecord,
  epochRecord,
  evaluation,
  type FoundBy,
  type Genotypes,
  genotypes,
  type RunInfo,
  runInfo,
  type Scalar,
} from './record.js';
export { runsBelow } from './runs-below.js';
export { bestAnswer, type Confusion, rankGroups, rankOrder, type Scores, scores, shotGroups } from './scores.js';
export { unsealed } from './seal.js';
export { collapseTexts, skipShares } from './skips.js';
