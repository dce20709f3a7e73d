import { describe, expect, it } from 'vitest';
import { Rng } from './rng.js';
import type { Augment, ImageSet } from './source.js';
import { stream } from './stream.js';

function makeSet(channels: number): ImageSet {
  const rng = new Rng(1);
  const [count, height, width] = [12, 5, 5];
  const images = Uint8Array.from({ length: count * height * width * channels }, () => 1 + rng.below(255));
  return { images, labels: Uint16Array.from({ length: count }, (_, i) => i % 3), height, width, channels };
}

/** The augmentation pixel by pixel: pad with zeros, cut at (top, left), mirror. */
function crop(
  set: ImageSet,
  index: number,
  { pad, top, left, mirrored }: Record<'pad' | 'top' | 'left', number> & { mirrored: boolean },
) {
  const { images, height, width, channels } = set;
  const result: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = y + top - pad;
      const column = (mirrored ? width - 1 - x : x) + left - pad;
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      for (let c = 0; c < channels; c++) {
        result.push(inside ? (images[((index * height + row) * width + column) * channels + c] ?? -1) : 0);
      }
    }
  }
  return result.join();
}

const options = { sampling: 'instance', batchSize: 8, classes: 3, seed: 4, name: 'train' } as const;

describe('stream', () => {
  it('gives the images themselves, with their labels, when not augmented', () => {
    const set = makeSet(3);
    const { images, labels } = stream(set, { ...options, batchSize: 12 }).next();
    const all = Array.from({ length: 12 }, (_, i) => crop(set, i, { pad: 0, top: 0, left: 0, mirrored: false }));
    const found = Array.from(labels, (_, i) => all.indexOf(images.subarray(75 * i, 75 * (i + 1)).join()));
    expect([...found].sort((a, b) => a - b)).toEqual([...all.keys()]);
    expect([...labels]).toEqual(found.map((index) => index % 3));
  });

  it.each([1, 3])('gives nothing but padded crops, mirrored or not, and all of them (%i channels)', (channels) => {
    const set = makeSet(channels);
    const pad = 2;
    const known = new Map<string, string>();
    for (let index = 0; index < 12; index++) {
      for (let place = 0; place < 50; place++) {
        const [top, left, mirrored] = [place % 5, Math.floor(place / 5) % 5, place >= 25];
        known.set(crop(set, index, { pad, top, left, mirrored }), `${top} ${left} ${mirrored}`);
      }
    }
    const batches = stream(set, { ...options, augment: { pad, flip: true } });
    const size = 25 * channels;
    const seen = new Set<string | undefined>();
    for (let step = 0; step < 100; step++) {
      const { images } = batches.next();
      for (let i = 0; i < 8; i++) seen.add(known.get(images.subarray(size * i, size * (i + 1)).join()));
    }
    expect(seen.has(undefined)).toBe(false);
    expect(seen.size).toBe(50);
  });

  it('mirrors only where asked', () => {
    const set = makeSet(1);
    const upright = new Set(
      Array.from({ length: 12 }, (_, i) => crop(set, i, { pad: 0, top: 0, left: 0, mirrored: false })),
    );
    const count = (augment: Augment) => {
      const { images } = stream(set, { ...options, batchSize: 1200, augment }).next();
      return Array.from({ length: 1200 }, (_, i) => images.subarray(25 * i, 25 * (i + 1)).join()).filter((image) =>
        upright.has(image),
      ).length;
    };
    expect(count({ pad: 0, flip: false })).toBe(1200);
    expect(Math.abs(count({ pad: 0, flip: true }) - 600)).toBeLessThan(70); // 4 standard deviations
  });

  it('resumes exactly from its state, through JSON', () => {
    for (const sampling of ['instance', 'class', 'reversed'] as const) {
      const all = { ...options, sampling, augment: { pad: 2, flip: true } };
      const first = stream(makeSet(3), all);
      first.next();
      first.next();
      const second = stream(makeSet(3), { ...all, state: JSON.parse(JSON.stringify(first.state())) });
      for (let step = 0; step < 4; step++) expect(second.next()).toEqual(first.next());
    }
  });

  it('gives different batches to streams of different names', () => {
    const set = makeSet(3);
    expect(stream(set, { ...options, name: 'valid' }).next()).not.toEqual(stream(set, options).next());
  });

  it('refuses batches of no images', () => {
    expect(() => stream(makeSet(1), { ...options, batchSize: 0 })).toThrow('batch size must be an integer >= 1, got 0');
  });
});
