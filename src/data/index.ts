export {
  type DataAccount,
  leftOutTexts,
  type Reasons,
  refuseUnreadable,
  type Skipped,
  unreadableText,
} from './account.js';
export { USUAL_TEST_SHARE } from './class-folders.js';
export { matchClasses, parentName } from './class-names.js';
export { type Counts, type Dataset, type DatasetPlan, type PlanOptions, planDataset, splits } from './dataset.js';
export { type Fit, fits, type ImageShape, imageDecoder, USUAL_FIT } from './decode.js';
export { drawnShares } from './drawn-shares.js';
export { type FoundImages, findImages } from './find-images.js';
export { type DecodedImages, imageBatches } from './image-batches.js';
export { type Imbalance, imbalances, longTailCounts } from './long-tail.js';
export type { NearPair } from './near-pictures.js';
export { openLabelled } from './open-labelled.js';
export { addDataFormat, dataNames, UnknownDataError } from './open-source.js';
export { encodePng } from './png.js';
export { checkImages, type ReadOptions, readImages } from './read-images.js';
export type { Failure } from './reasons.js';
export { Rng } from './rng.js';
export { type Sampling, samplings } from './sampler.js';
export {
  arraySource,
  type DataFormat,
  type DataSource,
  type ImageSet,
  type LabelledImages,
  type Progress,
  type SourceOptions,
} from './source.js';
export { type Batch, type ByteAugment, type ImageBytes, type StreamState, stream, streamState } from './stream.js';
export { thumbnail } from './thumbnail.js';
