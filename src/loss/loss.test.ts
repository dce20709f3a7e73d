import { describe, expect, it } from 'vitest';
import type { Target } from '../nn/index.js';
import { crossEntropy as aten, grad, mean, mul, scope, type Tensor, tensor } from '../tensor/index.js';
import { losses } from './losses.js';

const Z = [
  [1.5, -0.25, 0.5],
  [-2, 0.125, 3],
  [0, 4, -1],
  [0.75, 0.75, -0.5],
];
const COUNTS = [100, 20, 3];
const PASS = { training: true, knobs: {} };
const logits = (): Tensor => tensor(Z, { dtype: 'float64' });
const labels = (values: readonly number[]): Tensor => tensor(values, { dtype: 'int64' });
const [FIRST, SECOND] = [
  [0, 2, 1, 0],
  [2, 2, 0, 1],
];

/** −log softmax(z + log n)[y] of each image, by hand. */
const byHand = (ys: readonly number[], counts: readonly number[]): number[] =>
  Z.map((z, i) => {
    const terms = z.map((v, c) => (counts[c] ?? 0) * Math.exp(v));
    return -Math.log((terms[ys[i] ?? 0] ?? 0) / terms.reduce((a, b) => a + b));
  });
const average = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;
const value = (name: string, targets: () => readonly Target[]): number =>
  scope(() => losses.read(name).build(COUNTS)(logits(), targets(), PASS).item());

describe.each([
  ['cross-entropy', [1, 1, 1]],
  ['balanced-softmax', COUNTS],
])('%s', (name, counts) => {
  it('is the mean over images of a target of share 1', () => {
    expect(losses.read(name).label).toBe(name);
    expect(value(name, () => [{ labels: labels(FIRST), share: 1 }])).toBeCloseTo(average(byHand(FIRST, counts)), 14);
  });

  it('weighs several targets by shares of the batch, of each image, or both', () => {
    const [a, b] = [byHand(FIRST, counts), byHand(SECOND, counts)];
    const numbers = () => [
      { labels: labels(FIRST), share: 0.3 },
      { labels: labels(SECOND), share: 0.7 },
    ];
    expect(value(name, numbers)).toBeCloseTo(0.3 * average(a) + 0.7 * average(b), 14);
    const shares = [1, 0.25, 0, 0.5];
    const perImage = () => [
      { labels: labels(FIRST), share: tensor(shares, { dtype: 'float64' }) },
      {
        labels: labels(SECOND),
        share: tensor(
          shares.map((s) => 1 - s),
          { dtype: 'float64' },
        ),
      },
    ];
    const expected = average(shares.map((s, i) => s * (a[i] ?? 0) + (1 - s) * (b[i] ?? 0)));
    expect(value(name, perImage)).toBeCloseTo(expected, 14);
  });
});

describe('cross-entropy', () => {
  it("is libtorch's operator to the bit, and two shares are the two weighted losses", () => {
    scope(() => {
      const z = tensor(Z).requireGrad();
      const [one, two] = [labels(FIRST), labels(SECOND)];
      const criterion = losses.read('cross-entropy').build(COUNTS);
      const bits = (loss: Tensor): number[] => [loss.item(), ...grad(loss, [z]).flatMap((g) => g.toArray())];
      expect(bits(criterion(z, [{ labels: one, share: 1 }], PASS))).toEqual(bits(aten(z, one)));
      const both = [0.3, 0.7].map((share, i) => ({ labels: i === 0 ? one : two, share }));
      expect(criterion(z, both, PASS).item()).toBe(
        Math.fround(mul(aten(z, one), 0.3).item() + mul(aten(z, two), 0.7).item()),
      );
      const half = tensor([0.5, 0.5, 0.5, 0.5]);
      expect(criterion(z, [{ labels: one, share: half }], PASS).item()).toBe(
        mean(mul(aten(z, one, { reduction: 'none' }), half)).item(),
      );
    });
  });

  it('refuses a batch without targets', () => {
    expect(() => value('cross-entropy', () => [])).toThrow('a batch must have at least 1 target, got none');
  });
});

describe('losses', () => {
  it('refuses a class without images where the loss needs counts', () => {
    expect(() => losses.read('balanced-softmax').build([5, 0, 2])).toThrow(
      'Cannot build balanced-softmax: every class must have training images, class 1 has 0',
    );
    expect(() => losses.read('cross-entropy').build([5, 0, 2])).not.toThrow();
  });

  it('names the nearest loss, and says how one is written', () => {
    expect(() => losses.read('balanced')).toThrow('unknown loss "balanced": did you mean "balanced-softmax"?');
    expect(() => losses.read('cross-entropy(2)')).toThrow('it must be written cross-entropy');
  });
});
