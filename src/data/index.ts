export { type Counts, type Dataset, type DatasetPlan, type PlanOptions, planDataset, splits } from './dataset.js';
export { drawnShares } from './drawn-shares.js';
export { type Imbalance, imbalances, longTailCounts } from './long-tail.js';
export { addDataFormat, dataNames, UnknownDataError } from './open-source.js';
export { encodePng } from './png.js';
export { Rng } from './rng.js';
export { type Sampling, samplings } from './sampler.js';
export {
  arraySource,
  type DataFormat,
  type DataSource,
  type ImageSet,
  type Progress,
  type SourceOptions,
} from './source.js';
export { type Batch, type ByteAugment, type ImageBytes, type StreamState, stream, streamState } from './stream.js';
