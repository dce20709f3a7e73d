import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { planDataset } from '../src/data/index.js';
import { training } from '../src/experiment/index.js';
import { knobsAt } from '../src/loop/index.js';
import { classWeights, crossEntropyLoss, losses, reweighted, USUAL_BETA } from '../src/loss/index.js';
import { grad, scope, type Tensor, tensor } from '../src/tensor/index.js';
import { given } from './support/fixtures.js';
import { writeImages } from './support/images.js';
import { rest, tinyDataset, tinyRun } from './support/tiny.js';

// CIFAR-10-LT at ratio 100, all training images.
const LT100 = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50];
const Z = [
  [1.5, -0.25, 0.5],
  [-2, 0.125, 3],
  [0, 4, -1],
];
const COUNTS = [100, 20, 3];
const LABELS = [0, 1, 2];
const PASS = { training: true, knobs: {} };
const softmax = (z: readonly number[]): number[] => {
  const sum = z.reduce((total, v) => total + Math.exp(v), 0);
  return z.map((v) => Math.exp(v) / sum);
};
const probability = Z.map((z, i) => given(softmax(z)[given(LABELS[i])]));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;
const targets = () => [{ labels: tensor(LABELS, { dtype: 'int64' }), share: 1 }];
const trained = (label: string): number =>
  scope(() =>
    losses
      .read(label)
      .build(COUNTS)(tensor(Z, { dtype: 'float64' }), targets(), PASS)
      .item(),
  );

const resnet = training({ name: 'resnet(8)', genotypes: null });
const SIZES = { channels: 1, epochs: 1, batchSize: 4, lr: 0 };
const folder = mkdtempSync(join(tmpdir(), 'tailnas-faults-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what public code for long tails gets wrong', () => {
  it('focal loss: p is of the loss without weights, however a class is weighed', () => {
    const weights = classWeights(COUNTS, { label: '' });
    const right = mean(probability.map((p, i) => given(weights[i]) * (1 - p) ** 2 * -Math.log(p)));
    const wrong = mean(probability.map((p, i) => (1 - p ** given(weights[i])) ** 2 * given(weights[i]) * -Math.log(p)));
    expect(trained('class-balanced-focal(0.9999, 2)')).toBeCloseTo(right, 12);
    expect(Math.abs(right - wrong)).toBeGreaterThan(0.01);
    // Re-weighting weighs the finished loss too.
    const deferred = scope(() =>
      reweighted(losses.read('focal(2)'))
        .build(COUNTS)(tensor(Z, { dtype: 'float64' }), targets(), { training: true, knobs: { reweight: 1 } })
        .item(),
    );
    expect(deferred).toBeCloseTo(right, 12);
  });

  it('class-balanced loss: cross-entropy of the softmax, not binary cross-entropy of its outputs', () => {
    const weights = classWeights(COUNTS, { label: '' });
    const right = mean(probability.map((p, i) => given(weights[i]) * -Math.log(p)));
    const binary = mean(
      Z.flatMap((z, i) => softmax(z).map((p, c) => given(weights[i]) * -Math.log(c === LABELS[i] ? p : 1 - p))),
    );
    expect(trained('class-balanced')).toBeCloseTo(right, 12);
    expect(Math.abs(right - binary)).toBeGreaterThan(0.1);
  });

  it('re-weighting: β is 0.9999 unless said, and begins at the first epoch past four fifths', () => {
    expect(USUAL_BETA).toBe(0.9999);
    expect(losses.read('class-balanced').label).toBe('class-balanced(0.9999)');
    for (const epochs of [200, 40, 10, 7]) {
      const [phase] = resnet.with({ reweight: 'step(0.8)', epochs }).phases;
      const on = Array.from({ length: epochs }, (_, e) => knobsAt(given(phase), e / epochs)['reweight']);
      const first = Math.ceil(0.8 * epochs);
      expect(on).toEqual(on.map((_, e) => (e < first ? 0 : 1)));
    }
    expect(resnet.with({ reweight: 'step(0.8)' }).values).toMatchObject({ reweightBeta: 0.9999 });
  });

  it('re-weighting: the mean of w · loss over the batch, which for natural batches is 0.17 of the other mean', () => {
    const weights = classWeights(LT100, { label: '' });
    expect(given(weights[0])).toBeCloseTo(0.051, 3);
    expect(given(weights[9])).toBeCloseTo(3.993, 3);
    expect(mean(weights)).toBeCloseTo(1, 12);
    const images = LT100.reduce((a, b) => a + b);
    const factor = weights.reduce((sum, w, c) => sum + (w * given(LT100[c])) / images, 0);
    expect(factor).toBeCloseTo(0.171, 3);

    scope(() => {
      const z = tensor(Z, { dtype: 'float64' }).requireGrad();
      const loss = reweighted(crossEntropyLoss()).build(COUNTS);
      const [w, entropy] = [classWeights(COUNTS, { label: '' }), probability.map((p) => -Math.log(p))];
      const own = loss(z, targets(), { training: true, knobs: { reweight: 1 } });
      expect(own.item()).toBeCloseTo(mean(entropy.map((l, i) => l * given(w[i]))), 12);
      // Two batches of one image each: their rare image counts more than their frequent one.
      const single = (i: number): Tensor =>
        loss(
          tensor([given(Z[i])], { dtype: 'float64' }),
          [{ labels: tensor([given(LABELS[i])], { dtype: 'int64' }), share: 1 }],
          { training: true, knobs: { reweight: 1 } },
        );
      expect(single(2).item() / single(0).item()).toBeCloseTo(
        (given(w[2]) * given(entropy[2])) / (given(w[0]) * given(entropy[0])),
        10,
      );
    });
  });

  it('deferred: until its knob moves, the loss is itself to the bit', () => {
    scope(() => {
      const z = tensor(Z).requireGrad();
      const bits = (value: Tensor): number[] => [value.item(), ...grad(value, [z]).flatMap((g) => g.toArray())];
      for (const label of ['cross-entropy', 'balanced-softmax', 'focal']) {
        const loss = losses.read(label);
        const plain = bits(loss.build(COUNTS)(z, targets(), PASS));
        for (const knobs of [{}, { reweight: 0 }])
          expect(bits(reweighted(loss).build(COUNTS)(z, targets(), { training: true, knobs }))).toEqual(plain);
      }
    });
  });

  it('validation: its loss is cross-entropy, whatever is trained', async () => {
    const record = async (values: Readonly<Record<string, string>>) => {
      const live = tinyRun(resnet.with({ ...SIZES, recipe: 'plain', ...values }).phases);
      const events = await rest(live);
      live.dispose();
      return Object(events.find((event) => 't' in Object(event)));
    };
    const plain = await record({});
    for (const values of [
      { loss: 'class-balanced' },
      { loss: 'balanced-softmax' },
      { loss: 'focal' },
      { reweight: 'constant(1)' },
    ]) {
      const { validLoss, trainLoss } = await record(values);
      expect(validLoss).toBe(plain.validLoss);
      expect(trainLoss).not.toBe(plain.trainLoss);
    }
  });

  it('counts: those of the images that are trained on, after the split', async () => {
    const seen: (readonly number[])[] = [];
    losses.add('spy', {
      usage: 'spy',
      make: () => ({
        label: 'spy',
        build: (counts) => {
          seen.push(counts);
          return crossEntropyLoss().build(counts);
        },
      }),
    });
    const live = tinyRun(resnet.with({ ...SIZES, loss: 'spy', reweight: 'step(0.8)' }).phases);
    live.dispose();
    expect(seen).toEqual([tinyDataset().counts.train]);

    await writeImages(join(folder, 'train'), { cat: 20, dog: 2 });
    await writeImages(join(folder, 'test'), { cat: 2, dog: 2 });
    const { counts } = await planDataset(folder, { imbalance: 'natural', validShare: 0.2 });
    expect(counts.train).toEqual([16, 1]);
    expect(counts.valid).toEqual([4, 1]);
  });
});
