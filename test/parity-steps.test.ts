import { describe, expect, it } from 'vitest';
import { crossEntropy } from '../src/loss/index.js';
import { type SearchNet, singleBranch } from '../src/method/index.js';
import { adam, archOptimizer, sgd } from '../src/optim/index.js';
import { constant } from '../src/schedule/index.js';
import { softmaxRelaxation } from '../src/space/index.js';
import { type Dtype, inPlace, noGrad, scope } from '../src/tensor/index.js';
import { type Settings, searchStep } from '../src/train/index.js';
import { compare, maxAbs, shapeOf, weightsOf } from './support/compare.js';
import {
  type Fixture,
  fillWeights,
  given,
  noiseTensor,
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

describe('parity of search steps with PyTorch in float64', () => {
  for (const name of ['darts-nodes2', 'darts-nodes3', 'darts-odd']) {
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
});
