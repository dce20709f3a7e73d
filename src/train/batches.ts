import type { Batch } from '../data/index.js';
import type { TensorBatch } from '../method/index.js';
import { type Dtype, div, permute, sub, type Tensor, tensor, to } from '../tensor/index.js';

/** Turns a batch of bytes into tensors: scaled to 0…1, normalised per channel, channels innermost in memory. */
export const batchToTensors = (
  {
    height,
    width,
    channels,
    mean,
    std,
  }: { height: number; width: number; channels: number; mean: readonly number[]; std: readonly number[] },
  { dtype = 'float32', device = 'cpu' }: { dtype?: Dtype; device?: string } = {},
) => {
  // (x / 255 − mean) / std with one subtraction and one division, both on [batch, h, w, channels].
  const shift = () =>
    tensor(
      mean.map((m) => m * 255),
      { dtype },
    );
  const scale = () =>
    tensor(
      std.map((s) => s * 255),
      { dtype },
    );
  const images = (bytes: Uint8Array): Tensor => {
    const pixels = tensor(bytes, { shape: [bytes.length / (height * width * channels), height, width, channels] });
    const normalised = div(sub(to(pixels, { dtype }), shift()), scale());
    // A view: [batch, h, w, c] in memory *is* channels-last [batch, c, h, w].
    return to(permute(normalised, [0, 3, 1, 2]), { device });
  };
  return (batch: Batch): TensorBatch => ({
    images: images(batch.images),
    labels: to(tensor(batch.labels), { dtype: 'int64', device }),
  });
};
