export { type Counts, type Dataset, type DatasetPlan, type PlanOptions, planDataset, splits } from './dataset.js';
export { type Imbalance, imbalances, longTailCounts } from './long-tail.js';
export { addDataFormat, dataNames, openSource, UnknownDataError } from './open-source.js';
export { Rng } from './rng.js';
export { type Sampler, type SamplerState, type Sampling, sampler, samplings } from './sampler.js';
export {
  arraySource,
  type DataFormat,
  type ImageSet,
  type Loaded,
  type Part,
  type Progress,
  type Source,
  type SourceOptions,
} from './source.js';
export {
  type Batch,
  type ByteAugment,
  type ImageBytes,
  type Stream,
  type StreamOptions,
  type StreamState,
  stream,
  streamState,
} from './stream.js';
