import { describe, expect, it } from 'vitest';
import { bilateralObjective, darts } from '../src/learn/index.js';
import { crossEntropyLoss } from '../src/loss/index.js';
import { BACKBONE, bilateralNetwork, HEADS } from '../src/net/index.js';
import { scope } from '../src/tensor/index.js';
import { exact, pair, resetAlphas } from './support/bilateral-fixtures.js';
import { compare, maxAbs, shapeOf, weightsOf } from './support/compare.js';
import { fillWeights, given, readJson } from './support/fixtures.js';

const TIGHT = 1e-9;

describe.each(['bilateral-joint', 'bilateral-branch'])('parity of steps of %s with PyTorch in float64', (name) => {
  const f = exact.parse(readJson(name));
  for (const [order, steps] of [
    [1, f.firstOrder],
    [2, f.secondOrder ?? []],
  ] as const) {
    if (steps.length === 0) continue;
    it(`weights and alpha after each of three HLS steps of order ${order} agree to 1e-9`, () => {
      const net = bilateralNetwork(shapeOf(f, 'float64'), { bnScope: f.bnScope });
      fillWeights(net.store, f);
      resetAlphas(net);
      const learner = darts({
        net,
        objective: bilateralObjective(net, crossEntropyLoss().build([])),
        streams: (['train', 'valid'] as const).flatMap((part) =>
          (['instance', 'class'] as const).map((sampling) => ({ part, sampling })),
        ),
        order,
        momentum: 0.9,
        weightDecay: 3e-4,
        gradClip: 5,
        archOptimizer: 'adam',
        archWeightDecay: 1e-3,
      });
      for (const [step, expected] of steps.entries()) {
        const knobs = {
          weightLr: f.weightLr,
          mixing: expected.mixing,
          ...Object.fromEntries(HEADS.map((head) => [`archLr.${head}`, f.archLr])),
          [`archLr.${BACKBONE}`]: f.archLr * expected.backboneFactor,
        };
        const batches = [...pair(f, 'train', { k: step }), ...pair(f, 'valid', { k: step })];
        const { loss, gradNorm } = scope(() => learner.step(batches, { epoch: 0, step, knobs }));
        expect(Math.abs(loss - expected.trainLoss) / expected.trainLoss).toBeLessThan(TIGHT);
        const total = Math.hypot(...Object.values(given(gradNorm['weights'])));
        expect(Math.abs(total - expected.gradNorm) / expected.gradNorm).toBeLessThan(TIGHT);
        for (const head of HEADS)
          expect(gradNorm['alpha']?.[head]).toBeCloseTo(given(expected.alphaGradient[`${head}.normal`]).norm, 12);
        for (const { component, kind, value } of net.alphas) {
          const theirs = given(expected.alpha[`${component}.${kind}`]).flat();
          expect(maxAbs(value.toArray(), theirs), `${component} ${kind}`).toBeLessThan(TIGHT);
        }
        const names = { names: f.weights, fixture: f, floor: 1e-3 };
        const [where, error] = compare(weightsOf(net.store), expected.weights, names);
        expect(error, where).toBeLessThan(TIGHT);
      }
      learner.dispose();
    });
  }
});
