import type { Batch, Dataset, ImageSet } from '../data/index.js';
import { type Pass, type TensorBatch, testing } from '../nn/index.js';
import { type Dtype, div, permute, sub, type Tensor, tensor, to } from '../tensor/index.js';
import type { Augment } from './augment.js';

type ImageFormat = Pick<ImageSet, 'height' | 'width' | 'channels'> & Pick<Dataset, 'mean' | 'std'>;

/** Makes tensors of bytes: scaled to 0…1, normalised, and augmented if the batch has random numbers. */
export const batchToTensors = (
  { height, width, channels, mean, std }: ImageFormat,
  {
    dtype = 'float32',
    device = 'cpu',
    augment,
    counts = [],
  }: {
    dtype?: Dtype;
    device?: string;
    augment?: Pick<Augment, 'tensors'> | undefined;
    /** Training images per class, for augmentations that look at them. */
    counts?: readonly number[];
  } = {},
): ((batch: Batch, pass?: Pass) => TensorBatch) => {
  // (x / 255 − mean) / std with one subtraction and one division, both on [batch, h, w, channels].
  const inBytes = (value: number): number => value * 255;
  const perChannel = (values: readonly number[]): Tensor => tensor(values.map(inBytes), { dtype });
  const normalised = (bytes: Uint8Array): Tensor => {
    const pixels = tensor(bytes, { shape: [bytes.length / (height * width * channels), height, width, channels] });
    const scaled = div(sub(to(pixels, { dtype }), perChannel(mean)), perChannel(std));
    // A view: [batch, h, w, c] in memory *is* channels-last [batch, c, h, w].
    return to(permute(scaled, [0, 3, 1, 2]), { device });
  };
  const plain = ({ images, labels }: Batch): TensorBatch => ({
    images: normalised(images),
    targets: [{ labels: to(tensor(labels), { dtype: 'int64', device }), share: 1 }],
  });
  return (bytes, pass = testing) => {
    const { rng, partner } = bytes;
    const batch = plain(bytes);
    if (rng === undefined || augment?.tensors === undefined) return batch;
    return augment.tensors(batch, rng, { ...pass, counts, partner: partner && (() => plain(partner())) });
  };
};
