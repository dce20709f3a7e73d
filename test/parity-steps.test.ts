import { describe, expect, it } from 'vitest';
import { darts, plainObjective } from '../src/learn/index.js';
import { crossEntropyLoss } from '../src/loss/index.js';
import { searchNetwork } from '../src/net/index.js';
import { inPlace, noGrad, scope } from '../src/tensor/index.js';
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

/** DARTS as the fixture has it. */
const build = (f: Fixture, order: 1 | 2) => {
  const net = searchNetwork(shapeOf(f, 'float64'));
  fillWeights(net.store, f);
  for (const [i, { value }] of net.alphas.entries())
    scope(() => noGrad(() => inPlace.copy(value, noiseTensor(i + 1, value.shape, { scale: 0.5 }))));
  const learner = darts({
    net,
    objective: plainObjective(net, crossEntropyLoss().build([])),
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
  return { net, learner };
};

describe('parity of search steps with PyTorch in float64', () => {
  const cases = ['darts-nodes2', 'darts-nodes3', 'darts-odd'].flatMap((name) =>
    [1, 2].map((order) => [name, order] as const),
  );
  it.each(cases)('%s: weights and alpha after each of three steps of order %i agree to 1e-9', (name, order) => {
    const f = readFixture(name);
    const knobs = { weightLr: given(f.weightLr), 'archLr.backbone': 3e-4 };
    const { net, learner } = build(f, order === 1 ? 1 : 2);
    for (const [step, expected] of given(order === 1 ? f.firstOrder : f.secondOrder).entries()) {
      const batches = [trainBatch(step, f), validBatch(step, f)];
      const { loss, gradNorm } = scope(() => learner.step(batches, { epoch: 0, step, knobs }));
      expect(Math.abs(loss - expected.trainLoss) / expected.trainLoss).toBeLessThan(1e-9);
      const length = given(gradNorm['weights']?.['backbone']);
      expect(Math.abs(length - expected.gradNorm) / expected.gradNorm).toBeLessThan(1e-9);
      for (const { kind, value } of net.alphas)
        expect(maxAbs(value.toArray(), expected.alpha[kind].flat()), `alpha ${kind}`).toBeLessThan(1e-9);
      const names = { names: f.weights, fixture: f, floor: 1e-3 };
      const [where, error] = compare(weightsOf(net.store), expected.weights, names);
      expect(error, where).toBeLessThan(1e-9);
    }
    learner.dispose();
  });
});
