import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../data/index.js';
import { crossEntropyLoss } from '../loss/index.js';
import type { TensorBatch } from '../nn/index.js';
import { randn, rng as random, scope, type Tensor, tensor } from '../tensor/index.js';
import { drawBeta } from './beta.js';
import { areaShare, drawBox } from './box.js';
import { type AugmentPass, batchToTensors, cutout, parseAugment } from './index.js';
import { labelShare } from './remix.js';
import { operations } from './trivial.js';

const [COUNT, HEIGHT, WIDTH] = [5, 7, 9];
const CLASSES = [0, 1, 2, 1, 0];
const COUNTS = [500, 20, 5];
const int64 = (labels: readonly number[]): Tensor => tensor(BigInt64Array.from(labels.map(BigInt)));
/** Image i is i + 1 everywhere, so that a pixel says whose it is. */
const flat = (first = 1): TensorBatch => ({
  images: tensor(
    Float64Array.from({ length: COUNT * HEIGHT * WIDTH }, (_, at) => first + Math.floor(at / (HEIGHT * WIDTH))),
    { shape: [COUNT, 1, HEIGHT, WIDTH] },
  ),
  targets: [{ labels: int64(CLASSES), share: 1 }],
});
const pass: AugmentPass = { training: true, knobs: {}, counts: COUNTS };

/** An augmentation's images, one array each, and for every target its labels and shares by image. */
const apply = (label: string, seed: number, more: Partial<AugmentPass> = {}) =>
  scope(() => {
    const given = { ...pass, partner: () => flat(101), ...more };
    const { images, targets } = parseAugment(label).tensors?.(flat(), new Rng(seed), given) ?? flat();
    const values = images.toArray();
    return {
      images: Array.from({ length: COUNT }, (_, i) => values.slice(i * HEIGHT * WIDTH, (i + 1) * HEIGHT * WIDTH)),
      targets: targets.map(({ labels, share }) => ({
        labels: labels.toArray(),
        shares: typeof share === 'number' ? new Array<number>(COUNT).fill(share) : share.toArray(),
      })),
    };
  });

const seeds = fc.integer({ min: 0, max: 1e6 });
const MIXERS = ['mixup(0.4)', 'remix(1, 3, 0.5)', 'cutmix(1, 1)', 'cmo(1, 1)'];

describe('mixing augmentations', () => {
  it.each(MIXERS)('%s: shares are in [0, 1] and add up to 1 for every image', (label) => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { targets } = apply(label, seed);
        for (let i = 0; i < COUNT; i++) {
          const shares = targets.map((target) => target.shares[i] ?? Number.NaN);
          for (const share of shares) expect(share >= 0 && share <= 1).toBe(true);
          expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([0.2, 8])('draw their λ from Beta(α, α), α being the one that is given: %f (fault 4)', (alpha) => {
    for (let seed = 0; seed < 40; seed++) {
      const own = (label: string): number => apply(label, seed).targets[0]?.shares[0] ?? Number.NaN;
      expect(own(`mixup(${alpha})`)).toBeCloseTo(drawBeta(alpha, new Rng(seed)), 12);
      expect(own(`remix(${alpha}, 1e9, 0)`)).toBeCloseTo(drawBeta(alpha, new Rng(seed)), 12);
      const rng = new Rng(seed);
      const box = drawBox(drawBeta(alpha, rng), { height: HEIGHT, width: WIDTH, rng });
      const kept = 1 - areaShare(box, { height: HEIGHT, width: WIDTH });
      expect(own(`cutmix(${alpha}, 1)`)).toBeCloseTo(kept, 12);
      expect(own(`cmo(${alpha}, 1)`)).toBeCloseTo(kept, 12);
    }
  });

  it.each(['cutmix(1, 1)', 'cmo(1, 1)'])(
    "%s: the other label's share is the area of its pixels, also of a clipped box (fault 4)",
    (label) => {
      let clipped = 0;
      fc.assert(
        fc.property(seeds, (seed) => {
          const { images, targets } = apply(label, seed);
          const [own, other] = targets;
          for (const [i, pixels] of images.entries()) {
            const foreign = pixels.filter((value) => value !== i + 1);
            const source = foreign[0];
            if (source === undefined) continue; // mixed with itself, or not at all
            expect(new Set(foreign)).toEqual(new Set([source]));
            expect(other?.shares[i]).toBeCloseTo(foreign.length / (HEIGHT * WIDTH), 12);
            expect(other?.labels[i]).toBe(CLASSES[(source - 1) % 100]);
            expect(own?.labels[i]).toBe(CLASSES[i]);
            // A box that reaches the border is one that most often was clipped.
            if (pixels.some((value, at) => value === source && at % WIDTH === 0)) clipped++;
          }
        }),
        { numRuns: 60 },
      );
      expect(clipped).toBeGreaterThan(10);
    },
  );

  it('remix tells pairs apart: each has a share of its own, and a loss by it, not a mean (fault 2)', () => {
    scope(() => {
      random.seed(1);
      const logits = randn([COUNT, 3], { dtype: 'float64' });
      const loss = crossEntropyLoss().build(COUNTS);
      const one = (i: number, label: number): number =>
        loss(
          tensor(logits.toArray().slice(3 * i, 3 * i + 3), { shape: [1, 3], dtype: 'float64' }),
          [{ labels: int64([label]), share: 1 }],
          pass,
        ).item();
      const { targets } = apply('remix(1, 3, 0.5)', 4);
      const [own, other] = targets;
      const shares = own?.shares ?? [];
      expect(new Set(shares).size).toBeGreaterThan(1);
      const pairs = shares.map((share, i) => {
        const [a, b] = [one(i, own?.labels[i] ?? -1), one(i, other?.labels[i] ?? -1)];
        return { apart: share * a + (1 - share) * b, a, b };
      });
      const mean = (values: readonly number[]): number => values.reduce((x, y) => x + y, 0) / values.length;
      const averaged =
        mean(shares) * mean(pairs.map(({ a }) => a)) + (1 - mean(shares)) * mean(pairs.map(({ b }) => b));
      const { targets: mixed } = parseAugment('remix(1, 3, 0.5)').tensors?.(flat(), new Rng(4), pass) ?? flat();
      const whole = loss(logits, mixed, pass).item();
      expect(whole).toBeCloseTo(mean(pairs.map(({ apart }) => apart)), 12);
      expect(Math.abs(whole - averaged)).toBeGreaterThan(1e-3);
    });
  });

  it.each([
    [0.4, 30, 10, 0],
    [0.4, 29, 10, 0.4],
    [0.5, 30, 10, 0.5],
    [0.6, 10, 30, 1],
    [0.6, 11, 30, 0.6],
    [0.5, 10, 30, 0.5],
    [0.4, 10, 30, 0.4],
    [0.6, 30, 10, 0.6],
  ])('remix gives λ = %f of classes with %i and %i images the share %f', (lambda, count, other, share) => {
    expect(labelShare(lambda, { count, other, kappa: 3, tau: 0.5 })).toBe(share);
  });

  it.each(MIXERS)('%s: as often as its knob says, and leaves the batch alone otherwise', (label) => {
    const mixed = (mixRate: number): number =>
      Array.from({ length: 80 }, (_, seed) => apply(label, seed, { knobs: { mixRate } })).filter(
        ({ targets }) => targets.length > 1,
      ).length;
    expect(mixed(0)).toBe(0);
    expect(mixed(0.5)).toBeGreaterThan(20);
    expect(mixed(0.5)).toBeLessThan(60);
    expect(mixed(1)).toBeGreaterThan(70); // a box may have no area
    expect(apply(label, 3, { knobs: { mixRate: 0 } }).images.map(([value]) => value)).toEqual([1, 2, 3, 4, 5]);
  });

  it('cutmix acts with its probability', () => {
    const mixed = Array.from({ length: 400 }, (_, seed) => apply('cutmix(1, 0.25)', seed).targets.length > 1);
    const share = mixed.filter(Boolean).length / 400;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.32);
  });

  it('keep channels innermost, and leave the batch that they were given as it was', () => {
    scope(() => {
      const bytes = Uint8Array.from({ length: 4 * 6 * 5 * 3 }, (_, i) => (i * 37) % 256);
      const format = { height: 6, width: 5, channels: 3, mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] };
      const batch = batchToTensors(format)({ images: bytes, labels: Int32Array.of(0, 1, 2, 1) });
      const other = batchToTensors(format)({ images: bytes.toReversed(), labels: Int32Array.of(2, 2, 0, 1) });
      const before = batch.images.toArray();
      for (const label of MIXERS) {
        const done = parseAugment(label).tensors?.(batch, new Rng(3), { ...pass, partner: () => other });
        expect([label, done?.images.channelsLast, done?.images.dtype]).toEqual([label, true, 'float32']);
        expect(done?.targets.map(({ labels }) => labels.dtype)).toEqual(['int64', 'int64']);
        expect(done?.images.toArray()).not.toEqual(before);
      }
      expect(batch.images.toArray()).toEqual(before);
    });
  });
});

describe('what cannot be mixed', () => {
  it.each([
    ['mixup(0)', 'Cannot mix up images: alpha of Beta(alpha, alpha) must be a number > 0, got 0'],
    ['mixup(-1)', 'must be a number > 0, got -1'],
    ['mixup', 'it must be written mixup(alpha)'],
    ['remix(0, 3, 0.5)', 'Cannot remix images: alpha of Beta(alpha, alpha) must be a number > 0, got 0'],
    ['remix(1, 1, 0.5)', 'kappa, a ratio of class sizes, must be a number > 1, got 1'],
    ['remix(1, 3, 1.5)', 'tau must be from 0 to 1, got 1.5'],
    ['cutmix(-2, 0.5)', 'Cannot cut and mix images: alpha of Beta(alpha, alpha) must be a number > 0, got -2'],
    ['cutmix(1, 1.5)', 'Cannot cut and mix images: its probability must be from 0 to 1, got 1.5'],
    ['cmo(1, -0.1)', 'Cannot oversample by mixing: its probability must be from 0 to 1, got -0.1'],
    ['cutmix(1)', 'it must be written cutmix(alpha, p)'],
    ['mixupp(1)', 'unknown augmentation "mixupp": did you mean "mixup"?'],
    [
      'flip + mixup(1) + cutmix(1, 0.5)',
      'Cannot use augmentation "flip + mixup(1) + cutmix(1, 0.5)": only one may mix images, got 2',
    ],
  ])('%s is refused when it is read', (label, message) => {
    expect(() => parseAugment(label)).toThrow(message);
    expect(() => parseAugment(label)).toThrow(RangeError);
  });

  it('is refused before training: batches of one image, classes without images', () => {
    const check =
      (label: string, batchSize: number, counts = COUNTS) =>
      () =>
        parseAugment(label).check?.({ imageSize: 32, batchSize, counts });
    for (const label of ['mixup(1)', 'remix(1, 3, 0.5)', 'cutmix(1, 0.5)'])
      expect(check(`flip + ${label}`, 1)).toThrow(`Cannot use ${label}: it mixes images of one batch`);
    expect(check('cmo(1, 0.5)', 1)).not.toThrow();
    expect(check('remix(1, 3, 0.5)', 8, [5, 0, 2])).toThrow('class 1 has 0');
    expect(check('mixup(1)', 8, [5, 0, 2])).not.toThrow();
  });

  it('has several labels already', () => {
    scope(() => {
      const { images, targets } = flat();
      const half = targets.map(({ labels }) => ({ labels, share: 0.5 }));
      for (const label of MIXERS)
        expect(() => parseAugment(label).tensors?.({ images, targets: [...half, ...half] }, new Rng(1), pass)).toThrow(
          /an image must have one label of share 1 to be mixed|must be given a second batch/,
        );
    });
  });
});

describe('what public code gets wrong', () => {
  it('cutout leaves the mean colour, not black: it comes after normalising (fault 6)', () => {
    scope(() => {
      const format = { height: 4, width: 4, channels: 3, mean: [0.5, 0.25, 0.75], std: [0.2, 0.3, 0.4] };
      const toTensors = batchToTensors(format, { dtype: 'float64', augment: cutout(8) });
      const images = new Uint8Array(48).fill(200);
      const { images: cut } = toTensors({ images, labels: Int32Array.of(0), rng: new Rng(1) });
      const gone = cut.toArray().map((value, at) => ({ value, channel: Math.floor(at / 16) }));
      const black = format.mean.map((mean, c) => -mean / (format.std[c] ?? 1));
      expect(gone.filter(({ value }) => value === 0).length).toBeGreaterThan(0);
      expect(gone.some(({ value, channel }) => Math.abs(value - (black[channel] ?? 0)) < 1e-6)).toBe(false);
    });
  });

  it.each([8, 28, 32, 224])('trivial moves an image of %i pixels by at most 1/7 of its side (fault 7)', (side) => {
    const moves = operations.filter(({ name }) => name.startsWith('Translate'));
    expect(moves).toHaveLength(2);
    for (const { apply: move, strength } of moves) {
      const pixels = strength?.(30, { height: side, width: side }) ?? Number.NaN;
      const bytes = new Uint8Array(side * side).fill(255);
      move({ bytes, height: side, width: side, channels: 1 }, -pixels);
      const left = bytes.filter((value) => value === 255).length;
      expect(left).toBe(side * (side - Math.floor(side / 7)));
    }
  });
});
