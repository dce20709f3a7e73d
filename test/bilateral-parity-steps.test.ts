import { describe, expect, it } from 'vitest';
import { crossEntropy } from '../src/loss/index.js';
import { bilateral } from '../src/method/index.js';
import { adam, archOptimizer, sgd } from '../src/optim/index.js';
import { constant, product } from '../src/schedule/index.js';
import { softmaxRelaxation } from '../src/space/index.js';
import { scope } from '../src/tensor/index.js';
import { type Settings, searchStep } from '../src/train/index.js';
import { exact, pair, resetAlphas } from './support/bilateral-fixtures.js';
import { compare, maxAbs, shapeOf, weightsOf } from './support/compare.js';
import { fillWeights, given, readJson } from './support/fixtures.js';

const criterion = crossEntropy().build([]);
const TIGHT = 1e-9;

describe.each(['bilateral-joint', 'bilateral-branch'])('parity of steps of %s with PyTorch in float64', (name) => {
  const f = exact.parse(readJson(name));

  for (const [order, steps] of [
    [1, f.firstOrder],
    [2, f.secondOrder ?? []],
  ] as const) {
    if (steps.length === 0) continue;
    it(`weights and alpha after each of three HLS steps of order ${order} agree to 1e-9`, () => {
      const settings: Settings = {
        epochs: 1,
        batchSize: f.batch,
        channels: f.channels,
        layers: f.layers,
        nodes: f.nodes,
        order,
        weightLr: f.weightLr,
        weightLrMin: f.weightLr,
        momentum: 0.9,
        weightDecay: 3e-4,
        gradClip: 5,
        archLr: f.archLr,
        archOptimizer: 'adam',
        archWeightDecay: 1e-3,
      };
      let factor = 1;
      const softly = Object.assign(() => factor, { label: 'as the fixture has it' });
      const method = bilateral({ mixing: constant(0), bnScope: f.bnScope, archLr: { backbone: softly } });
      const net = method.build(shapeOf(f, 'float64'), { relax: softmaxRelaxation });
      fillWeights(net.store, f);
      resetAlphas(net);
      const arch = archOptimizer(net.alphas, {
        rates: (component) => product(constant(f.archLr), method.archLr?.[component] ?? constant(1)),
        make: (value) => adam(value, { betas: [0.5, 0.999], weightDecay: settings.archWeightDecay }),
      });
      const weights = sgd(net.store.flat, settings);
      for (const [k, expected] of steps.entries()) {
        factor = expected.backboneFactor;
        const report = scope(() =>
          searchStep(
            { net, weights, arch, criterion, settings },
            {
              train: pair(f, 'train', { k }),
              valid: pair(f, 'valid', { k }),
              t: 0,
              mixing: expected.mixing,
              lr: f.weightLr,
              where: { epoch: 0, step: k },
            },
          ),
        );
        expect(Math.abs(report.loss - expected.trainLoss) / expected.trainLoss).toBeLessThan(TIGHT);
        const total = Math.hypot(...Object.values(report.gradNorm.weights));
        expect(Math.abs(total - expected.gradNorm) / expected.gradNorm).toBeLessThan(TIGHT);
        for (const component of ['instance', 'class'])
          expect(report.gradNorm.alpha[component]).toBeCloseTo(
            given(expected.alphaGradient[`${component}.normal`]).norm,
            12,
          );
        for (const { component, kind, value } of net.alphas)
          expect(
            maxAbs(value.toArray(), given(expected.alpha[`${component}.${kind}`]).flat()),
            `${component} ${kind}`,
          ).toBeLessThan(TIGHT);
        const [where, error] = compare(weightsOf(net.store), expected.weights, {
          names: f.weights,
          fixture: f,
          floor: 1e-3,
        });
        expect(error, where).toBeLessThan(TIGHT);
      }
      net.dispose();
    });
  }
});
