import { describe, expect, it } from 'vitest';
import { darts, plainObjective } from '../src/learn/index.js';
import { crossEntropy } from '../src/loss/index.js';
import { type Supernet, searchNetwork } from '../src/net/index.js';
import { type Dtype, inPlace, noGrad, scope } from '../src/tensor/index.js';
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

const build = (f: Fixture, dtype: Dtype): Supernet => {
  const net = searchNetwork(shapeOf(f, dtype));
  fillWeights(net.store, f);
  for (const [i, { value }] of net.alphas.entries())
    scope(() => noGrad(() => inPlace.copy(value, noiseTensor(i + 1, value.shape, { scale: 0.5, dtype }))));
  return net;
};

describe('parity of search steps with PyTorch in float64', () => {
  for (const name of ['darts-nodes2', 'darts-nodes3', 'darts-odd']) {
    for (const order of [1, 2] as const)
      it(`${name}: weights and alpha after each of three search steps of order ${order} agree to 1e-9`, () => {
        const f = readFixture(name);
        const net = build(f, 'float64');
        const learner = darts({
          net,
          objective: plainObjective(net, crossEntropy().build([])),
          streams: [
            { part: 'train', sampling: 'instance' },
            { part: 'valid', sampling: 'instance' },
          ],
          order,
          momentum: 0.9,
          weightDecay: 3e-4,
          gradClip: 5,
          archOptimizer: 'adam',
          archWeightDecay: 1e-3,
        });
        const knobs = { weightLr: given(f.weightLr), 'archLr.backbone': 3e-4 };
        for (const [k, expected] of given(order === 1 ? f.firstOrder : f.secondOrder).entries()) {
          const report = scope(() => learner.step([trainBatch(k, f), validBatch(k, f)], { epoch: 0, step: k, knobs }));
          expect(Math.abs(report.loss - expected.trainLoss) / expected.trainLoss).toBeLessThan(1e-9);
          expect(
            Math.abs(given(report.gradNorm['weights']?.['backbone']) - expected.gradNorm) / expected.gradNorm,
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
        learner.dispose();
      });
  }
});
