import { batchToTensors, parseAugment } from '../augment/index.js';
import { type Dataset, type StreamState, stream } from '../data/index.js';
import { alone, type Group, shareOf } from '../group/index.js';
import type { Context, Learner, StreamSpec } from '../learn/index.js';
import { type Pass, type TensorBatch, testing } from '../nn/index.js';
import { narrow, Tensor } from '../tensor/index.js';

/** Endless batches of one stream of a learner, on the engine's side. */
export interface BatchStream {
  readonly part: StreamSpec['part'];
  next(pass: Pass): TensorBatch;
  state(): StreamState;
}

/** What batches are drawn from, and how. `saved` says where the streams of a resumed run stand. */
export interface StreamsOptions {
  readonly dataset: Dataset;
  readonly batchSize: number;
  /** How training images are changed, as a label. */
  readonly augment: string;
  readonly seed: number;
  readonly saved: Readonly<Record<StreamSpec['part'], readonly StreamState[]>> | undefined;
  readonly group?: Group | undefined;
}

/**
 * The part of a batch that is this process' own. Every process draws and changes the whole batch, so that images, their
 * order and their augmentation do not depend on how many processes there are: it costs little beside a step.
 */
export const ownShare = ({ images, targets }: TensorBatch, group: Pick<Group, 'rank' | 'size'>): TensorBatch => {
  if (group.size === 1) return { images, targets };
  const [start, length] = shareOf(group, images.shape[0] ?? 0);
  const own = (x: Tensor): Tensor => narrow(x, 0, start, length);
  return {
    images: own(images),
    targets: targets.map(({ labels, share }) => ({
      labels: own(labels),
      share: share instanceof Tensor ? own(share) : share,
    })),
  };
};

/** The streams that a learner draws its batches from, of several processes each its share of them. */
export const batchStreams = (
  { streams, model }: Learner,
  { dataset, batchSize, augment: label, seed, saved, group = alone }: StreamsOptions,
): BatchStream[] => {
  const augment = parseAugment(label);
  const { mean, std, train, imageSize } = dataset;
  const counts = dataset.counts.train;
  augment.check?.({ imageSize, batchSize, counts });
  const { dtype, device } = model.store;
  const toTensors = batchToTensors({ ...train, mean, std }, { dtype, device, augment, counts });
  return streams.map(({ part, sampling }, i) => {
    const place = streams.slice(0, i).filter((s) => s.part === part).length;
    const bytes = stream(dataset[part], {
      sampling,
      batchSize,
      classes: dataset.classes.length,
      augment,
      seed,
      name: `${part}-${place}`,
      state: saved?.[part][place],
    });
    return { part, next: (pass) => ownShare(toTensors(bytes.next(), pass), group), state: bytes.state };
  });
};

/** Draws the same unaugmented images each time it is asked the same. */
export const sampleOf =
  ({ dataset, seed }: Pick<StreamsOptions, 'dataset' | 'seed'>): NonNullable<Context['sample']> =>
  ({ part, sampling, name, batchSize, batches }, { dtype, device }) => {
    const { mean, std, classes } = dataset;
    const set = dataset[part];
    const size = Math.min(batchSize, set.labels.length);
    const drawn = { sampling, batchSize: size, classes: classes.length, seed, name: `sample-${name}` };
    const bytes = stream(set, drawn);
    const toTensors = batchToTensors({ ...set, mean, std }, { dtype, device });
    return Array.from({ length: batches }, () => toTensors(bytes.next(), testing));
  };
