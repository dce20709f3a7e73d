import { expect, it } from 'vitest';
import { Rng } from '../data/index.js';
import { scope } from '../tensor/index.js';
import { batchToTensors } from './batch-to-tensors.js';
import { cutout } from './cutout.js';

const format = { height: 2, width: 3, channels: 2, mean: [0.4914, 0.5], std: [0.247, 0.25] };
const rng = new Rng(1);
const batch = { images: Uint8Array.from({ length: 24 }, () => rng.below(256)), labels: Int32Array.of(7, 1) };

it('normalises to (x − 255 mean) / 255 std, to the bit, channels innermost in memory', () => {
  scope(() => {
    const { images, targets } = batchToTensors(format)(batch);
    expect([images.shape, images.dtype, images.channelsLast]).toEqual([[2, 2, 2, 3], 'float32', true]);
    const expected = Array.from({ length: 24 }, (_, at) => {
      const [image, channel, pixel] = [Math.floor(at / 12), Math.floor(at / 6) % 2, at % 6];
      const [mean = 0, std = 1] = [format.mean[channel], format.std[channel]];
      const byte = batch.images[12 * image + 2 * pixel + channel] ?? 0;
      return Math.fround(Math.fround(byte - Math.fround(mean * 255)) / Math.fround(std * 255));
    });
    expect(images.toArray()).toEqual(expected);
    expect(targets.map(({ labels, share }) => [labels.dtype, labels.toArray(), share])).toEqual([['int64', [7, 1], 1]]);
  });
});

it('augments only a batch that has random numbers', () => {
  scope(() => {
    const toTensors = batchToTensors(format, { dtype: 'float64', augment: cutout(1) });
    const zeros = (images: number[]): number => images.filter((value) => value === 0).length;
    expect(zeros(toTensors(batch).images.toArray())).toBe(0);
    expect(zeros(toTensors({ ...batch, rng: new Rng(2) }).images.toArray())).toBe(4); // a pixel of each image
  });
});
