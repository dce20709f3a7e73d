import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planDataset } from './dataset.js';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'npz-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const npy = (dtype: string, shape: readonly number[], data: Uint8Array): Uint8Array => {
  const header = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const padded = `${header.padEnd(117)}\n`;
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\0v\0', 'latin1'), Buffer.from(padded), data]);
};
/** Images of which every byte counts up from that of the one before. */
const part = (name: string, labels: readonly number[]): Record<string, Uint8Array> => ({
  [`${name}_images.npy`]: npy(
    '|u1',
    [labels.length, 2, 2],
    Uint8Array.from({ length: 4 * labels.length }, (_, i) => i),
  ),
  [`${name}_labels.npy`]: npy('<i8', [labels.length, 1], new Uint8Array(BigInt64Array.from(labels, BigInt).buffer)),
});
const write = (files: Record<string, Uint8Array>): string => {
  writeFileSync(join(root, 'tinymnist.npz'), zipSync(files));
  return join(root, 'tinymnist.npz');
};
const all = { ...part('train', [0, 1, 0, 1, 1, 0]), ...part('val', [1, 0]), ...part('test', [0, 1, 1]) };

describe('MedMNIST', () => {
  it('is read with its own validation part', async () => {
    const plan = await planDataset(write(all), { imbalance: 'natural' });
    expect(plan).toMatchObject({ name: 'tinymnist', classes: ['0', '1'], imageSize: 2, channels: 1 });
    expect(plan.counts).toEqual({ train: [3, 3], valid: [1, 1], test: [1, 2] });
    const { train, valid, fingerprint } = await plan.load();
    expect([...train.labels]).toEqual([0, 1, 0, 1, 1, 0]);
    expect([...valid.labels, ...valid.images]).toEqual([1, 0, 0, 1, 2, 3, 4, 5, 6, 7]);
    const whole = await planDataset(write(all), { imbalance: 'natural', split: 'all' });
    expect(whole.counts).toEqual({ train: [4, 4], valid: [0, 0], test: [1, 2] });
    expect((await whole.load()).train.images).toEqual(Buffer.concat([train.images, valid.images]));
    const other = await planDataset(write({ ...all, ...part('val', [0, 1]) }), { imbalance: 'natural' });
    expect((await other.load()).fingerprint).not.toBe(fingerprint);
  });

  it.each<[string, Record<string, Uint8Array>, string]>([
    ['another archive', { 'a.npy': npy('|u1', [1], Buffer.of(1)) }, 'must hold train_images, train_labels'],
    ['floats', { ...all, 'train_images.npy': npy('<f4', [6, 1, 1], Buffer.alloc(24)) }, 'square images of bytes'],
    [
      'too few labels',
      { ...all, ...part('x', []), 'test_labels.npy': npy('|u1', [1], Buffer.of(0)) },
      '3 test images and',
    ],
    [
      'a short array',
      { ...all, 'train_images.npy': npy('|u1', [9, 2, 2], Buffer.alloc(9)) },
      'must hold 9 x 2 x 2 values',
    ],
  ])('refuses %s', async (_, files, message) => {
    await expect(planDataset(write(files))).rejects.toThrow(message);
  });
});
