import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Augment, parseAugment } from '../src/augment/index.js';
import { BINS, operations } from '../src/augment/trivial.js';
import { Rng } from '../src/data/index.js';
import { accuracyOf } from '../src/learn/objective.js';
import { crossEntropyLoss } from '../src/loss/index.js';
import type { TensorBatch } from '../src/nn/index.js';
import { grad, matmul, noGrad, permute, reshape, scope, type Tensor, tensor } from '../src/tensor/index.js';
import { maxAbs } from './support/compare.js';
import { digest, digestError, digestOf, given, noiseTensor, readJson } from './support/fixtures.js';

/** A fixture that bench/pytorch/augment_fixtures.py made; it says what is in it. */
const readFixture = <T extends z.ZodType>(name: string, schema: T): z.infer<T> => schema.parse(readJson(name));

const trivial = readFixture(
  'trivial',
  z.object({
    magnitudes: z.record(z.string(), z.array(z.number()).nullable()),
    images: z.array(
      z.object({
        name: z.string(),
        height: z.number(),
        width: z.number(),
        channels: z.number(),
        bytes: z.base64(),
        cases: z.array(
          z.object({
            op: z.string(),
            magnitude: z.number(),
            bytes: z.base64().optional(),
            sha256: z.string().optional(),
          }),
        ),
      }),
    ),
  }),
);
const bytesOf = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

describe('the operations of TrivialAugment', () => {
  it("are torchvision's, in its order, with its strengths at 224 pixels", () => {
    expect(operations.map(({ name }) => name)).toEqual(Object.keys(trivial.magnitudes));
    for (const { name, strength } of operations) {
      const theirs = trivial.magnitudes[name] ?? [0];
      const size = { height: 224, width: 224 };
      const ours = theirs.map((_, bin) => strength?.(bin, size) ?? 0);
      expect(theirs).toHaveLength(strength === undefined ? 1 : BINS);
      for (const [bin, value] of theirs.entries()) expect(Math.abs(given(ours[bin]) - value)).toBeLessThan(2e-5);
      // Whole pixels; in float32 torchvision's bin 15 is 15.999999, and so 15.
      if (name.startsWith('Translate'))
        expect(ours.map(Math.trunc)).toEqual(theirs.map((value) => Math.trunc(value + 1e-5)));
    }
  });

  it.each(trivial.images)('are equal to the byte: $name, $height×$width×$channels', (image) => {
    const found = image.cases.map(({ op, magnitude, sha256 }) => {
      const bytes = bytesOf(image.bytes);
      given(operations.find(({ name }) => name === op)).apply({ ...image, bytes }, magnitude);
      return {
        op,
        magnitude,
        ...(sha256 === undefined
          ? { bytes: Buffer.from(bytes).toString('base64') }
          : { sha256: createHash('sha256').update(bytes).digest('hex').slice(0, 16) }),
      };
    });
    const wrong = found.filter((ours, i) => JSON.stringify(ours) !== JSON.stringify(image.cases[i]));
    expect(wrong).toEqual([]);
  });
});

/** A generator that gives the numbers that it is told. */
class Told extends Rng {
  constructor(private readonly numbers: readonly number[]) {
    super(0);
  }
  private at = 0;
  override below(n: number): number {
    const number = given(this.numbers[this.at++]);
    if (!(number >= 0 && number < n)) throw new Error(`${number} is not below ${n}`);
    return number;
  }
}

describe('what TrivialAugment draws', () => {
  it('is each operation alike, at each strength, with each sign', () => {
    const [rng, again] = [new Rng(5), new Rng(5)];
    const start = bytesOf(given(trivial.images[0]).bytes);
    const image = given(trivial.images[0]);
    const drawn = new Map<string, Set<number>>();
    for (let draw = 0; draw < 3000; draw++) {
      const ours = start.slice();
      parseAugment('trivial').bytes?.({ ...image, bytes: ours }, rng);
      const operation = given(operations[again.below(14)]);
      const strength = operation.strength?.(again.below(31), image) ?? 0;
      const used = operation.signed && again.below(2) === 1 ? -strength : strength;
      const theirs = start.slice();
      operation.apply({ ...image, bytes: theirs }, used);
      expect(ours).toEqual(theirs);
      drawn.set(operation.name, (drawn.get(operation.name) ?? new Set()).add(used));
    }
    expect(rng.state()).toEqual(again.state());
    expect(drawn.size).toBe(14);
    const rotations = [...given(drawn.get('Rotate'))];
    expect(Math.min(...rotations)).toBe(-135);
    expect(Math.max(...rotations)).toBe(135);
  });
});

const pixels = readFixture(
  'pixels',
  z.object({
    crops: z.array(
      z.object({
        ...{ height: z.number(), width: z.number(), channels: z.number(), bytes: z.base64(), result: z.base64() },
        ...{ pad: z.number(), down: z.number(), right: z.number(), flipped: z.boolean() },
      }),
    ),
    cutouts: z.array(z.object({ size: z.number(), centres: z.array(z.array(z.number())), images: digest })),
    mixes: z.array(
      z.object({ name: z.string(), seed: z.number(), images: digest, labels: z.array(z.array(z.number())) }),
    ),
  }),
);

const mixing = readFixture(
  'mixing',
  z.object({
    counts: z.array(z.number()),
    cases: z.array(
      z.object({
        name: z.string(),
        seed: z.number(),
        shares: z.array(z.number()),
        loss: z.number(),
        images: digest,
        weightGradient: digest,
        imageGradient: digest,
      }),
    ),
  }),
);

const SHAPE = [6, 3, 8, 9];
const [COUNT, SIZE, CLASSES] = [6, 216, 5];
const batchOf = (seed: number, label: (i: number) => number): TensorBatch => ({
  images: noiseTensor(seed, SHAPE, { scale: 1.5 }),
  targets: [{ labels: tensor(BigInt64Array.from({ length: COUNT }, (_, i) => BigInt(label(i) % CLASSES))), share: 1 }],
});
const perImage = (share: number | Tensor): number[] =>
  typeof share === 'number' ? new Array<number>(COUNT).fill(share) : share.toArray();

describe("the pixels of torchvision's own functions", () => {
  it.each(pixels.crops)('crop($pad) + flip, moved by $down and $right, mirrored: $flipped', (theirs) => {
    const bytes = bytesOf(theirs.bytes);
    const { pad, down, right, flipped } = theirs;
    const rng = new Told([pad + down, pad + right, flipped ? 1 : 0]);
    parseAugment(`crop(${pad}) + flip`).bytes?.({ ...theirs, bytes }, rng);
    expect(Buffer.from(bytes).toString('base64')).toBe(theirs.result);
  });

  it.each(pixels.cutouts)('cutout($size)', ({ size, centres, images }) => {
    scope(() => {
      const batch = batchOf(3, () => 0);
      const pass = { training: true, knobs: {}, counts: mixing.counts };
      const cut = parseAugment(`cutout(${size})`).tensors?.(batch, new Told(centres.flat()), pass);
      expect(digestError(digestOf(given(cut).images), images)).toBeLessThan(1e-12);
    });
  });

  it.each(pixels.mixes)('$name with its labels (seed $seed)', ({ name, seed, images, labels }) => {
    scope(() => {
      const pass = { training: true, knobs: {}, counts: mixing.counts };
      const mixed = given(
        parseAugment(name).tensors?.(
          batchOf(3, (i) => 7 * i + 3),
          new Rng(seed),
          pass,
        ),
      );
      expect(digestError(digestOf(mixed.images), images)).toBeLessThan(1e-12);
      for (const [i, row] of labels.entries())
        for (const [c, share] of row.entries()) {
          const ours = mixed.targets.filter((target) => target.labels.toArray()[i] === c);
          const sum = ours.reduce((all, target) => all + given(perImage(target.share)[i]), 0);
          expect(sum).toBeCloseTo(share, 6); // torchvision's labels are float32
        }
    });
  });
});

describe('mixed images and labels', () => {
  it.each(mixing.cases)("of $name are PyTorch's, and so are gradients of the loss (seed $seed)", (theirs) => {
    scope(() => {
      const augment: Augment = parseAugment(theirs.name);
      const batch = given(
        augment.tensors?.(
          batchOf(3, (i) => 7 * i + 3),
          new Rng(theirs.seed),
          {
            training: true,
            knobs: {},
            counts: mixing.counts,
            partner: () => batchOf(43, (i) => 2 * i + 3),
          },
        ),
      );
      const images = batch.images.requireGrad();
      const weight = noiseTensor(1000, [CLASSES, SIZE], { scale: SIZE ** -0.5 }).requireGrad();
      const logits = matmul(reshape(images, [COUNT, SIZE]), permute(weight, [1, 0]));
      const loss = crossEntropyLoss().build(mixing.counts)(logits, batch.targets, { training: true, knobs: {} });
      const [byWeight, byImages] = grad(loss, [weight, images]);
      const [own, other] = batch.targets;
      expect(maxAbs(perImage(given(own).share), theirs.shares)).toBeLessThan(1e-12);
      expect(perImage(given(other).share).map((share, i) => share + given(theirs.shares[i]))).toEqual(
        theirs.shares.map(() => expect.closeTo(1, 12)),
      );
      expect(Math.abs(loss.item() - theirs.loss)).toBeLessThan(1e-9);
      expect(digestError(digestOf(images), theirs.images)).toBeLessThan(1e-9);
      expect(digestError(digestOf(given(byWeight)), theirs.weightGradient)).toBeLessThan(1e-9);
      expect(digestError(digestOf(given(byImages)), theirs.imageGradient)).toBeLessThan(1e-9);

      // The accuracy of training counts each label by its share.
      const predicted = logits.toArray();
      const best = Array.from({ length: COUNT }, (_, i) => {
        const row = predicted.slice(i * CLASSES, (i + 1) * CLASSES);
        return row.indexOf(Math.max(...row));
      });
      const expected = batch.targets.flatMap(({ labels, share }) =>
        labels.toArray().map((label, i) => (label === best[i] ? given(perImage(share)[i]) : 0)),
      );
      const accuracy = noGrad(() => accuracyOf({ loss, logits, targets: batch.targets }));
      expect(accuracy).toBeCloseTo(expected.reduce((a, b) => a + b) / COUNT, 12);
    });
  });
});
