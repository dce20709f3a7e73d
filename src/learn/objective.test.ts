import { describe, expect, it } from 'vitest';
import { crossEntropyLoss } from '../loss/index.js';
import { bilateralNetwork, searchNetwork } from '../net/index.js';
import type { Pass, TensorBatch } from '../nn/index.js';
import { randn, rng, scope, tensor } from '../tensor/index.js';
import { accuracyOf, bilateralObjective, plainObjective } from './objective.js';

const shape = { channels: 4, layers: 3, nodes: 2, classes: 5, inputChannels: 3, dtype: 'float64' } as const;
const criterion = crossEntropyLoss().build([]);
const passAt = (mixing: number): Pass => ({ training: true, knobs: { mixing } });
const int64 = (labels: readonly number[]) => tensor(BigInt64Array.from(labels.map(BigInt)));
const batch = (label: number): TensorBatch => ({
  images: randn([4, 3, 8, 8], { dtype: 'float64' }),
  targets: [{ labels: int64([label, 1, 2, 3]), share: 1 }],
});

describe('the objective of two branches', () => {
  it('mixes the losses of the mixed logits (eq 10)', () => {
    scope(() => {
      rng.seed(3);
      const net = bilateralNetwork(shape);
      const [instance, klass] = [batch(0), batch(4)];
      const pass = passAt(0.3);
      const { loss, logits, targets } = bilateralObjective(net, criterion)([instance, klass], pass);
      const lossOn = ({ targets: own }: TensorBatch) => criterion(logits, own, pass).item();
      expect(loss.item()).toBeCloseTo(0.3 * lossOn(instance) + 0.7 * lossOn(klass), 12);
      expect(targets.map(({ share }) => share)).toEqual([0.3, 0.7]);
      net.dispose();
    });
  });

  it('refuses to be without a batch or a mixing', () => {
    scope(() => {
      const net = bilateralNetwork(shape);
      const objective = bilateralObjective(net, criterion);
      const rule = 'a bilateral network needs an instance batch, a class batch and a mixing';
      expect(() => objective([batch(0)], passAt(0.5))).toThrow(rule);
      expect(() => objective([batch(0), batch(1)], { training: true, knobs: {} })).toThrow(rule);
      expect(() => plainObjective(net, criterion)([], passAt(0.5))).toThrow('it needs one batch, got none');
      net.dispose();
    });
  });
});

describe('the objective of one network', () => {
  it('is the loss of its answer', () => {
    scope(() => {
      const net = searchNetwork(shape);
      const given = batch(2);
      const pass: Pass = { training: true, knobs: {} };
      const { loss, logits, targets } = plainObjective(net, criterion)([given], pass);
      expect(loss.item()).toBe(criterion(logits, given.targets, pass).item());
      expect(targets).toBe(given.targets);
      net.dispose();
    });
  });
});

describe('accuracyOf', () => {
  const logits = () => tensor([0, 1, 2, 1].map((best) => [0, 1, 2].map((c) => (c === best ? 1 : 0))));
  const of = (targets: TensorBatch['targets']): number =>
    scope(() => accuracyOf({ logits: logits(), targets, loss: tensor([0]) }));

  it('is the share of images that are right', () => {
    expect(of([{ labels: int64([0, 1, 0, 0]), share: 1 }])).toBe(0.5);
  });

  it('weights targets by their shares, one of all images or one of each', () => {
    const [right, wrong] = [int64([0, 1, 2, 1]), int64([1, 0, 0, 0])];
    expect(
      of([
        { labels: right, share: 0.25 },
        { labels: wrong, share: 0.75 },
      ]),
    ).toBe(0.25);
    const shares = tensor([1, 0.5, 0.5, 0], { dtype: 'float64' });
    expect(of([{ labels: right, share: shares }])).toBe(0.5);
  });
});
