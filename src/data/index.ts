export { type Counts, type Dataset, type DatasetPlan, type PlanOptions, planDataset } from './dataset.js';
export { type Imbalance, longTailCounts } from './long-tail.js';
export { dataNames, openSource, type SourceOptions, UnknownDataError } from './open-source.js';
export { Rng } from './rng.js';
export { type Sampler, type SamplerState, type Sampling, sampler } from './sampler.js';
export type { Augment, ImageSet, Progress, Source } from './source.js';
export { type Batch, type Stream, type StreamOptions, type StreamState, stream } from './stream.js';
