import { describe, expect, it } from 'vitest';
import { Rng } from './rng.js';
import { samplings } from './sampler.js';
import type { ImageSet } from './source.js';
import { type ByteAugment, type StreamState, stream, streamState } from './stream.js';

const makeSet = (channels: number): ImageSet => {
  const rng = new Rng(1);
  const [count, height, width] = [12, 5, 5];
  const images = Uint8Array.from({ length: count * height * width * channels }, () => 1 + rng.below(255));
  return { images, labels: Uint16Array.from({ length: count }, (_, i) => i % 3), height, width, channels };
};

const options = { sampling: 'instance', batchSize: 8, classes: 3, seed: 4, name: 'train' } as const;
/** Draws two numbers per image. */
const noise: ByteAugment = {
  bytes: ({ bytes }, rng) => {
    bytes[rng.below(bytes.length)] = rng.below(256);
  },
};
const throughJson = (state: StreamState): StreamState => streamState.parse(JSON.parse(JSON.stringify(state)));

describe('stream', () => {
  it('gives the images themselves, with their labels, when not augmented', () => {
    const set = makeSet(3);
    const { images, labels } = stream(set, { ...options, batchSize: 12 }).next();
    const imageOf = (all: Uint8Array, i: number): string => all.subarray(75 * i, 75 * (i + 1)).join();
    const all = Array.from({ length: 12 }, (_, i) => imageOf(set.images, i));
    const found = Array.from(labels, (_, i) => all.indexOf(imageOf(images, i)));
    expect([...found].sort((a, b) => a - b)).toEqual([...all.keys()]);
    expect([...labels]).toEqual(found.map((index) => index % 3));
  });

  it('hands every image of a batch to the augmentation, and leaves the set as it was', () => {
    const set = makeSet(1);
    const before = set.images.slice();
    const seen: number[][] = [];
    const blacken: ByteAugment = {
      bytes: ({ bytes, height, width, channels }) => {
        seen.push([height, width, channels]);
        bytes.fill(0);
      },
    };
    const { images } = stream(set, { ...options, augment: blacken }).next();
    expect(seen).toEqual(Array.from({ length: 8 }, () => [5, 5, 1]));
    expect(images.every((value) => value === 0)).toBe(true);
    expect(set.images).toEqual(before);
  });

  it('resumes exactly from its state, through JSON, also where the batch itself drew random numbers', () => {
    for (const sampling of samplings) {
      const all = { ...options, sampling, augment: noise };
      const first = stream(makeSet(3), all);
      first.next();
      first.next().rng?.uniform();
      const second = stream(makeSet(3), { ...all, state: throughJson(first.state()) });
      for (let step = 0; step < 4; step++) {
        const [one, other] = [first.next(), second.next()];
        expect(other.images).toEqual(one.images);
        expect(other.rng?.uniform()).toBe(one.rng?.uniform());
      }
    }
  });

  it('reads the states of old checkpoints', () => {
    const old = { sampler: { sampling: 'class', rng: [1, 2, 3, 4], position: 0 }, rng: [5, 6, 7, 8] };
    expect(streamState.parse(old)).toEqual(old);
    expect(stream(makeSet(1), { ...options, sampling: 'class', state: streamState.parse(old) }).state()).toEqual(old);
  });

  it('gives different batches to streams of different names', () => {
    const set = makeSet(3);
    expect(stream(set, { ...options, name: 'valid' }).next()).not.toEqual(stream(set, options).next());
  });

  it('refuses batches of no images', () => {
    expect(() => stream(makeSet(1), { ...options, batchSize: 0 })).toThrow('batch size must be an integer >= 1, got 0');
  });
});
