import { describe, expect, it } from 'vitest';
import { type Alpha, derivedNetwork, type Model, type Supernet, searchNetwork } from '../src/net/index.js';
import { testing } from '../src/nn/index.js';
import { crossEntropy, type Dtype, grad, inPlace, noGrad, scope } from '../src/tensor/index.js';
import { compare, maxAbs, shapeOf } from './support/compare.js';
import {
  cellOf,
  type Fixture,
  fillWeights,
  given,
  labelsOf,
  noiseTensor,
  type Pass,
  readFixture,
  trainBatch,
  training,
} from './support/fixtures.js';

const build = (f: Fixture, dtype: Dtype, through = dtype): Supernet => {
  const net = searchNetwork(shapeOf(f, dtype));
  fillWeights(net.store, f, { through });
  for (const [i, { value }] of net.alphas.entries())
    scope(() => noGrad(() => inPlace.copy(value, noiseTensor(i + 1, value.shape, { scale: 0.5, dtype, through }))));
  return net;
};

/** One pass in training mode from a fresh state, and what PyTorch has for it: the relative errors. */
const passErrors = (
  f: Fixture,
  expected: Pass,
  {
    net,
    dtype,
    through = dtype,
  }: { net: Model & { readonly alphas?: readonly Alpha[] }; dtype: Dtype; through?: Dtype },
) =>
  scope(() => {
    const batch = trainBatch(0, f, { dtype, through });
    const { logits } = given(net.answers(batch.images, training)[0]);
    const loss = crossEntropy(logits, labelsOf(batch));
    const { alphas = [] } = net;
    const leaves = [...net.store.leaves, ...alphas.map((a) => a.value)];
    const gradients = grad(loss, leaves, { unused: 'zeros' });
    const byName = new Map(net.store.parameters.map((p, i) => [p.name, given(gradients[i])]));
    const size = Math.max(...expected.weightGradients.map((d) => d.norm));
    // A mean near 0 is only as exact as the deviation around it, which the momentum of 0.1 brings to about 0.1.
    const floor = dtype === 'float32' ? 0.1 : 1e-6;
    const buffers = compare(net.store.buffers, expected.buffers, { names: f.buffers, fixture: f, floor });
    const evalLogits = noGrad(() => given(net.answers(batch.images, testing)[0]).logits);
    const alphaErrors = (['normal', 'reduction'] as const).map((kind) => {
      const i = alphas.findIndex((a) => a.kind === kind);
      const theirs = expected.alphaGradient?.[kind].flat();
      return theirs === undefined ? 0 : maxAbs(given(gradients[net.store.leaves.length + i]).toArray(), theirs);
    });
    return {
      logits: maxAbs(logits.toArray(), expected.logits.flat()),
      loss: Math.abs(loss.item() - expected.loss) / expected.loss,
      // A weight before a batch norm may have a gradient of exactly 0: there only rounding is left, compared with the
      // largest gradient.
      weights: compare(byName, expected.weightGradients, { names: f.weights, fixture: f, floor: size * 1e-6 }),
      alpha: Math.max(...alphaErrors),
      buffers,
      evalLogits: maxAbs(evalLogits.toArray(), expected.evalLogits.flat()),
    };
  });

describe('parity with PyTorch in float64', () => {
  for (const name of ['darts-nodes2', 'darts-nodes3', 'darts-odd']) {
    it(`${name}: logits, loss, every gradient and buffer of a pass agree to 1e-9`, () => {
      const f = readFixture(name);
      const net = build(f, 'float64');
      const errors = passErrors(f, given(f.pass), { net, dtype: 'float64' });
      expect(errors.logits).toBeLessThan(1e-9);
      expect(errors.loss).toBeLessThan(1e-9);
      expect(errors.weights[1], errors.weights[0]).toBeLessThan(1e-9);
      expect(errors.alpha).toBeLessThan(1e-9);
      expect(errors.buffers[1], errors.buffers[0]).toBeLessThan(1e-9);
      expect(errors.evalLogits).toBeLessThan(1e-9);
      net.dispose();
    });
  }

  it('a derived network with affine batch norms agrees to 1e-9', () => {
    const f = readFixture('darts-derived');
    const { normal, normalConcat, reduction, reductionConcat } = given(f.genotype);
    const genotype = { normal: cellOf(normal, normalConcat), reduction: cellOf(reduction, reductionConcat) };
    const net = derivedNetwork(shapeOf(f, 'float64'), { genotype });
    fillWeights(net.store, f);
    expect(net.store.parameters).toHaveLength(f.weights.length);
    const errors = passErrors(f, given(f.pass), { net, dtype: 'float64' });
    for (const [what, error] of Object.entries(errors))
      expect(Array.isArray(error) ? error[1] : error, what).toBeLessThan(1e-9);
    net.dispose();
  });
});

describe('parity with PyTorch in float32 at full size', () => {
  const f = readFixture('darts-full');
  const layouts = given(f.layouts);
  // What PyTorch's own two layouts differ by, over its draws: a ReLU or a pooling tie near its kink flips in one and
  // not in the other.
  const most = (pick: 'alpha' | 'weights' | 'worstWeight') =>
    Math.max(
      ...layouts.flatMap((l) => [l.nchwToFloat64[pick], l.channelsLastToFloat64[pick], l.channelsLastToNchw[pick]]),
    );

  it('outputs, loss and buffers agree to 1e-5 with float64, gradients as closely as PyTorch agrees with itself', () => {
    const net = build(f, 'float32');
    expect(net.store.size).toBe(1_930_618);
    const errors = passErrors(f, given(f.passes).float64, { net, dtype: 'float32' });
    expect(errors.logits).toBeLessThan(1e-5);
    expect(errors.loss).toBeLessThan(1e-5);
    expect(errors.evalLogits).toBeLessThan(1e-5);
    expect(errors.buffers[1], errors.buffers[0]).toBeLessThan(1e-5);
    expect(errors.alpha).toBeLessThan(Math.max(1e-4, most('alpha')));
    expect(errors.weights[1], errors.weights[0]).toBeLessThan(Math.max(1e-4, most('worstWeight')));
    net.dispose();
  });

  it('in float64 the full size agrees to 1e-9, whatever the fixture could keep of its digits', () => {
    const net = build(f, 'float64', 'float32');
    const expected = given(f.passes).float64;
    const errors = passErrors(f, expected, { net, dtype: 'float64', through: 'float32' });
    expect(errors.logits).toBeLessThan(1e-9);
    expect(errors.loss).toBeLessThan(1e-9);
    expect(errors.alpha).toBeLessThan(1e-9);
    expect(errors.evalLogits).toBeLessThan(1e-9);
    // The digests of 1,399 gradients were kept with 9 digits.
    expect(errors.weights[1], errors.weights[0]).toBeLessThan(1e-7);
    expect(errors.buffers[1], errors.buffers[0]).toBeLessThan(1e-7);
    net.dispose();
  });
});
