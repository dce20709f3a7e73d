import { describe, expect, it } from 'vitest';
import type { Target } from '../nn/index.js';
import { crossEntropy as aten, grad, mean, mul, scope, type Tensor, tensor } from '../tensor/index.js';
import { losses } from './losses.js';
import { classWeights, reweighted } from './weighing.js';

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

/** The value and the gradient by one image's logits, float32 as in training. */
const ofOne = (name: string, z: readonly number[], label: number): number[] =>
  scope(() => {
    const logits = tensor([z]).requireGrad();
    const loss = losses.read(name).build(COUNTS)(logits, [{ labels: labels([label]), share: 1 }], PASS);
    return [loss.item(), ...grad(loss, [logits]).flatMap((g) => g.toArray())];
  });

describe('focal', () => {
  it.each(['focal(0.5)', 'focal', 'class-balanced-focal'])('%s is finite however far logits are apart', (name) => {
    for (const z of [
      [-1e4, 0, 1e4],
      [1e4, 0, -1e4],
      [-1e30, 0, 1],
      [200, 0, 0],
      [0, 200, 200],
      [17, 0, 0], // 1 − p is 0 in float32 when it is subtracted
    ])
      for (const label of [0, 1, 2]) {
        const found = ofOne(name, z, label);
        expect(found.every(Number.isFinite), `${name} ${z} at ${label}: ${found}`).toBe(true);
      }
  });

  it('keeps the last digits of 1 − p', () => {
    // p = 1 / (1 + 2 e^-20): the difference from 1 is 4e-9, below float32's.
    const rest = 2 * Math.exp(-20);
    const [value] = ofOne('focal(1)', [20, 0, 0], 0);
    expect(ofOne('focal(0)', [0.5, 0, 0], 0)[0]).toBe(ofOne('cross-entropy', [0.5, 0, 0], 0)[0]);
    expect(value ?? -1).toBeGreaterThanOrEqual(0);
    const far = scope(() =>
      losses
        .read('focal(1)')
        .build(COUNTS)(tensor([[20, 0, 0]], { dtype: 'float64' }), [{ labels: labels([0]), share: 1 }], PASS)
        .item(),
    );
    expect(far / ((rest / (1 + rest)) * Math.log1p(rest))).toBeCloseTo(1, 6);
  });

  it('hardly heeds an image that is right, and fully one that is wrong', () => {
    const share = (label: number): number =>
      (ofOne('focal', [4, 0, 0], label)[0] ?? 0) / (ofOne('cross-entropy', [4, 0, 0], label)[0] ?? 0);
    expect(share(0)).toBeCloseTo((1 - 1 / (1 + 2 * Math.exp(-4))) ** 2, 6);
    expect(share(1)).toBeGreaterThan(0.96);
  });
});

describe('ldam', () => {
  const kind = { cosines: { scale: 1, fixed: false } };
  it('gives the rarest class the widest margin', () => {
    const at = (label: number): number =>
      scope(() => {
        const criterion = losses.read('ldam(0.5, 1)').build([10_000, 625, 1], kind);
        return criterion(
          tensor([[0, 0, 0]], { dtype: 'float64' }),
          [{ labels: labels([label]), share: 1 }],
          PASS,
        ).item();
      });
    // Margins 0.05, 0.1, 0.5: a loss of log(1 + 2 exp(margin)).
    for (const [label, margin] of [0.05, 0.1, 0.5].entries())
      expect(at(label)).toBeCloseTo(Math.log(1 + 2 * Math.exp(margin)), 12);
  });

  it('has a scale of its own, whatever that of the cosines is', () => {
    const at = (scale: number): number =>
      scope(() => {
        const criterion = losses.read('ldam').build(COUNTS, { cosines: { scale, fixed: false } });
        const z = mul(tensor([[0.2, -0.7, 0.9]], { dtype: 'float64' }), scale);
        return criterion(z, [{ labels: labels([1]), share: 1 }], PASS).item();
      });
    expect(at(16)).toBeCloseTo(at(1), 10);
    expect(at(30)).toBeCloseTo(at(1), 10);
  });
});

describe('label-aware smoothing', () => {
  it('smooths the largest class by head, the smallest by tail, and all alike where they are equal', () => {
    const at = (counts: readonly number[], label: number): number =>
      scope(() => {
        const criterion = losses.read('label-aware-smoothing(0.3, 0.1)').build(counts);
        return criterion(
          tensor([[1, 0, 0]], { dtype: 'float64' }),
          [{ labels: labels([label]), share: 1 }],
          PASS,
        ).item();
      });
    const log = (z: number): number => Math.log(Math.E + 2) - z;
    const by = (epsilon: number, z: number): number => (1 - epsilon) * log(z) + epsilon * log(1 / 3);
    expect(at(COUNTS, 0)).toBeCloseTo(by(0.3, 1), 12);
    expect(at(COUNTS, 2)).toBeCloseTo(by(0.1, 0), 12);
    expect(at([5, 5, 5], 2)).toBeCloseTo(by(0.3, 0), 12);
  });
});

describe('class weights', () => {
  it('have a mean of 1, count all alike at β = 0, and by 1/n near β = 1', () => {
    expect(classWeights(COUNTS, { beta: 0, label: '' })).toEqual([1, 1, 1]);
    const [first = 0, , last = 0] = classWeights(COUNTS, { beta: 1 - 1e-12, label: '' });
    expect(last / first).toBeCloseTo(100 / 3, 6);
    for (const beta of [0.5, 0.9, 0.999, 0.9999])
      expect(average(classWeights(COUNTS, { beta, label: '' }))).toBeCloseTo(1, 12);
  });
});

describe('losses', () => {
  const counted = losses.names().filter((name) => !['cross-entropy', 'focal', 'dot-regression'].includes(name));
  it.each(counted)('refuse a class without images where they need counts: %s', (name) => {
    expect(() => losses.read(name).build([5, 0, 2], { cosines: { scale: 1, fixed: true } })).toThrow(
      /^Cannot build [-a-z]+(\(.*\))?: every class must have training images, class 1 has 0; add images or use cross/,
    );
  });

  it('do not where they do not', () => {
    for (const name of ['cross-entropy', 'focal']) expect(() => losses.read(name).build([5, 0, 2])).not.toThrow();
    expect(() => reweighted(losses.read('focal')).build([5, 0, 2])).toThrow(
      'Cannot build re-weighted focal(2): every class must have training images, class 1 has 0',
    );
  });

  it('have a label that they are read from, with every parameter in it', () => {
    for (const [text, label] of [
      ['class-balanced', 'class-balanced(0.9999)'],
      ['focal(1.5)', 'focal(1.5)'],
      ['class-balanced-focal(0.99)', 'class-balanced-focal(0.99, 1)'],
      ['ldam', 'ldam(0.5, 30)'],
      ['logit-adjusted', 'logit-adjusted(1)'],
      ['label-aware-smoothing(0.4,0.1)', 'label-aware-smoothing(0.4, 0.1)'],
    ] as const) {
      expect(losses.read(text).label).toBe(label);
      expect(losses.read(label).label).toBe(label);
    }
  });

  it('refuse logits that they are not made for', () => {
    const free = { cosines: { scale: 30, fixed: false } };
    expect(() => losses.read('ldam').build(COUNTS)).toThrow(
      "Cannot use loss ldam(0.5, 30): logits must be cosines of features and class weights, this network's are not; " +
        'use --classifier cosine',
    );
    expect(() => losses.read('dot-regression').build(COUNTS, free)).toThrow(
      /^Cannot use loss dot-regression: logits must be cosines with class directions that are not trained/,
    );
    expect(() => reweighted(losses.read('ldam')).build(COUNTS)).toThrow('use --classifier cosine');
    expect(() => losses.read('ldam').build(COUNTS, free)).not.toThrow();
  });

  it.each([
    ['class-balanced(1)', 'Cannot make loss class-balanced: beta must be >= 0 and < 1, got 1'],
    ['class-balanced-focal(0.9, -1)', 'Cannot make loss class-balanced-focal: gamma must be >= 0, got -1'],
    ['focal(-0.5)', 'Cannot make loss focal: gamma must be >= 0, got -0.5'],
    ['ldam(-1)', 'Cannot make loss ldam: maxMargin must be >= 0, got -1'],
    ['ldam(0.5, 0)', 'Cannot make loss ldam: scale must be > 0, got 0'],
    ['ldam(0.5, 1e999)', 'Cannot make loss ldam: scale must be > 0, got Infinity'],
    ['logit-adjusted(-1)', 'Cannot make loss logit-adjusted: tau must be >= 0, got -1'],
    ['label-aware-smoothing(0.3, 1)', 'Cannot make loss label-aware-smoothing: tail must be >= 0 and < 1, got 1'],
    ['ldam(0.5, 30, 1)', 'it must be written ldam or ldam(maxMargin, scale)'],
    ['ldam(wide)', 'it must be written ldam or ldam(maxMargin, scale)'],
  ])('refuse parameters that cannot be: %s', (text, message) => {
    expect(() => losses.read(text)).toThrow(RangeError);
    expect(() => losses.read(text)).toThrow(message);
  });

  it('names the nearest loss, and says how one is written', () => {
    expect(() => losses.read('balanced-softmx')).toThrow(
      'unknown loss "balanced-softmx": did you mean "balanced-softmax"?',
    );
    expect(() => losses.read('cross-entropy(2)')).toThrow('it must be written cross-entropy');
  });
});
