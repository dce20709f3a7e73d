import { describe, expect, it } from 'vitest';
import { crossEntropy } from '../src/loss/index.js';
import { type SearchNet, singleBranch } from '../src/method/index.js';
import { derivedNetwork } from '../src/net/index.js';
import { adam, archOptimizer, sgd } from '../src/optim/index.js';
import { constant } from '../src/schedule/index.js';
import { softmaxRelaxation } from '../src/space/index.js';
import { type Dtype, crossEntropy as entropy, grad, inPlace, noGrad, scope } from '../src/tensor/index.js';
import { type Settings, searchStep } from '../src/train/index.js';
import { compare, maxAbs, shapeOf, weightsOf } from './support/compare.js';
import {
  cellOf,
  type Fixture,
  fillWeights,
  given,
  noiseTensor,
  type Pass,
  readFixture,
  trainBatch,
  validBatch,
} from './support/fixtures.js';

const build = (f: Fixture, dtype: Dtype, through = dtype): SearchNet => {
  const net = singleBranch().build(shapeOf(f, dtype), { relax: softmaxRelaxation });
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
  }: { net: Pick<SearchNet, 'logits' | 'store' | 'alphas'>; dtype: Dtype; through?: Dtype },
) =>
  scope(() => {
    const batch = trainBatch(0, f, { dtype, through });
    const logits = net.logits(batch.images);
    const loss = entropy(logits, batch.labels);
    const alphas = net.alphas.map((a) => a.value);
    const gradients = grad(loss, [...net.store.leaves, ...alphas], { unused: 'zeros' });
    const byName = new Map(net.store.parameters.map((p, i) => [p.name, given(gradients[i])]));
    const size = Math.max(...expected.weightGradients.map((d) => d.norm));
    // A mean near 0 is only as exact as the deviation around it, which the momentum of 0.1 brings to about 0.1.
    const floor = dtype === 'float32' ? 0.1 : 1e-6;
    const buffers = compare(net.store.buffers, expected.buffers, { names: f.buffers, fixture: f, floor });
    net.store.training = false;
    const evalLogits = noGrad(() => net.logits(batch.images));
    net.store.training = true;
    const alphaErrors = (['normal', 'reduction'] as const).map((kind) => {
      const i = net.alphas.findIndex((a) => a.kind === kind);
      const theirs = expected.alphaGradient?.[kind].flat();
      return theirs === undefined ? 0 : maxAbs(given(gradients[net.store.leaves.length + i]).toArray(), theirs);
    });
    return {
      logits: maxAbs(logits.toArray(), expected.logits.flat()),
      loss: Math.abs(loss.item() - expected.loss) / expected.loss,
      // A weight before a batch norm may have a gradient of exactly 0: there only rounding is left, compared with the largest gradient.
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

    for (const order of [1, 2] as const)
      it(`${name}: weights and alpha after each of three search steps of order ${order} agree to 1e-9`, () => {
        const f = readFixture(name);
        const lr = given(f.weightLr);
        const settings: Settings = {
          epochs: 1,
          batchSize: f.batch,
          ...shapeOf(f, 'float64'),
          order,
          weightLr: lr,
          weightLrMin: lr,
          momentum: 0.9,
          weightDecay: 3e-4,
          gradClip: 5,
          archLr: 3e-4,
          archOptimizer: 'adam',
          archWeightDecay: 1e-3,
        };
        const net = build(f, 'float64');
        const arch = archOptimizer(net.alphas, {
          rates: () => constant(settings.archLr),
          make: (value) => adam(value, { betas: [0.5, 0.999], weightDecay: settings.archWeightDecay }),
        });
        const weights = sgd(net.store.flat, settings);
        const criterion = crossEntropy().build([]);
        for (const [k, expected] of given(order === 1 ? f.firstOrder : f.secondOrder).entries()) {
          const report = scope(() =>
            searchStep(
              { net, weights, arch, criterion, settings },
              {
                train: [trainBatch(k, f)],
                valid: [validBatch(k, f)],
                t: 0,
                mixing: null,
                lr,
                where: { epoch: 0, step: k },
              },
            ),
          );
          expect(Math.abs(report.loss - expected.trainLoss) / expected.trainLoss).toBeLessThan(1e-9);
          expect(
            Math.abs(given(report.gradNorm.weights['backbone']) - expected.gradNorm) / expected.gradNorm,
          ).toBeLessThan(1e-9);
          for (const { kind, value } of net.alphas)
            expect(maxAbs(value.toArray(), expected.alpha[kind].flat()), `alpha ${kind}`).toBeLessThan(1e-9);
          const [where, error] = compare(weightsOf(net.store), expected.weights, {
            names: f.weights,
            fixture: f,
            floor: 1e-3,
          });
          expect(error, where).toBeLessThan(1e-9);
        }
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
  // What PyTorch's own two layouts differ by, over its draws: a ReLU or a pooling tie near its kink flips in one and not in the other.
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
