import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { crossEntropy } from '../src/loss/index.js';
import { bilateral, type SearchNet, type TensorBatch } from '../src/method/index.js';
import { adam, archOptimizer, sgd } from '../src/optim/index.js';
import { constant, product } from '../src/schedule/index.js';
import { softmaxRelaxation } from '../src/space/index.js';
import { grad, inPlace, noGrad, scope, type Tensor } from '../src/tensor/index.js';
import { type Settings, searchStep } from '../src/train/index.js';
import { compare, maxAbs, shapeOf, weightsOf } from './support/compare.js';
import {
  digest,
  digestError,
  digestOf,
  fillWeights,
  given,
  images,
  labels,
  matrix,
  noiseTensor,
  readJson,
  sizes,
} from './support/fixtures.js';

const byName = <T extends z.ZodType>(value: T) => z.record(z.string(), value);
const step = z.object({
  mixing: z.number(),
  backboneFactor: z.number(),
  trainLoss: z.number(),
  validLoss: z.number(),
  gradNorm: z.number(),
  alphaGradient: byName(digest),
  alpha: byName(matrix),
  weights: z.array(digest),
});
const fixture = sizes.extend({
  bnScope: z.enum(['joint', 'perBranch']),
  alphaNames: z.array(z.string()),
  weightLr: z.number(),
  archLr: z.number(),
  pass: z.object({
    mixing: z.number(),
    logits: matrix,
    loss: z.number(),
    alphaGradient: byName(matrix),
    weightGradients: z.array(digest),
    buffers: z.array(digest),
    evalLogits: matrix,
  }),
  ends: z.array(z.object({ mixing: z.number(), loss: z.number(), alphaGradient: byName(digest) })),
  firstOrder: z.array(step),
  secondOrder: z.array(step).optional(),
});
type Bilateral = z.infer<typeof fixture>;

const pair = (f: Bilateral, part: 'train' | 'valid', k: number): TensorBatch[] => {
  const seeds = part === 'train' ? ([3, 33] as const) : ([13, 43] as const);
  const label =
    part === 'train'
      ? ([(i: number) => 7 * i + 3 * k, (i: number) => 3 * i + k + 2] as const)
      : ([(i: number) => 5 * i + 2 * k + 1, (i: number) => 2 * i + 4 * k + 3] as const);
  return ([0, 1] as const).map((branch) => ({
    images: images(seeds[branch] + k, f),
    labels: labels(f.batch, (i) => label[branch](i) % f.classes),
  }));
};

const build = (f: Bilateral, mixing: number): SearchNet => {
  const method = bilateral({ mixing: constant(mixing), bnScope: f.bnScope });
  const net = method.build(shapeOf(f, 'float64'), { relax: softmaxRelaxation });
  fillWeights(net.store, f);
  reset(net);
  return net;
};

const reset = (net: SearchNet): void => {
  for (const [i, { value }] of net.alphas.entries())
    scope(() => noGrad(() => inPlace.copy(value, noiseTensor(i + 1, value.shape, { scale: 0.5 }))));
};

const named = (net: SearchNet, tensors: readonly Tensor[]): Map<string, Tensor> =>
  new Map(net.alphas.map(({ component, kind }, i) => [`${component}.${kind}`, given(tensors[i])]));

const criterion = crossEntropy().build([]);
const TIGHT = 1e-9;

describe.each(['bilateral-joint', 'bilateral-branch'])('parity of %s with PyTorch in float64', (name) => {
  const f = fixture.parse(readJson(name));

  it('logits, loss, every gradient and buffer of a pass agree to 1e-9', () => {
    const net = build(f, f.pass.mixing);
    expect(net.alphas.map((a) => `${a.component}.${a.kind}`)).toEqual(f.alphaNames);
    scope(() => {
      const batches = pair(f, 'train', 0);
      const { loss, logits } = net.forward(batches, { criterion, mixing: f.pass.mixing });
      const gradients = grad(loss, [...net.store.leaves, ...net.alphas.map((a) => a.value)], { unused: 'zeros' });
      expect(maxAbs(logits.toArray(), f.pass.logits.flat())).toBeLessThan(TIGHT);
      expect(Math.abs(loss.item() - f.pass.loss) / f.pass.loss).toBeLessThan(TIGHT);
      for (const [alpha, gradient] of named(net, gradients.slice(net.store.leaves.length)))
        expect(maxAbs(gradient.toArray(), given(f.pass.alphaGradient[alpha]).flat()), alpha).toBeLessThan(TIGHT);
      const size = Math.max(...f.pass.weightGradients.map((d) => d.norm));
      const ours = new Map(net.store.parameters.map((p, i) => [p.name, given(gradients[i])]));
      const weights = compare(ours, f.pass.weightGradients, { names: f.weights, fixture: f, floor: size * 1e-6 });
      expect(weights[1], weights[0]).toBeLessThan(TIGHT);
      const buffers = compare(net.store.buffers, f.pass.buffers, { names: f.buffers, fixture: f, floor: 1e-6 });
      expect(buffers[1], buffers[0]).toBeLessThan(TIGHT);
      net.store.training = false;
      const answers = noGrad(() => given(net.mixed?.(given(batches[0]).images, [f.pass.mixing])[0]));
      expect(maxAbs(answers.toArray(), f.pass.evalLogits.flat())).toBeLessThan(TIGHT);
    });
    net.dispose();
  });

  it.each(f.ends)(
    'at mixing $mixing loss and gradients of alpha agree, zeros included',
    ({ mixing, loss, alphaGradient }) => {
      const net = build(f, mixing);
      scope(() => {
        const outcome = net.forward(pair(f, 'train', 0), { criterion, mixing });
        expect(Math.abs(outcome.loss.item() - loss) / loss).toBeLessThan(TIGHT);
        const gradients = grad(
          outcome.loss,
          net.alphas.map((a) => a.value),
          { unused: 'zeros' },
        );
        for (const [alpha, gradient] of named(net, gradients))
          expect(digestError(digestOf(gradient), given(alphaGradient[alpha]), { floor: 1e-6 }), alpha).toBeLessThan(
            TIGHT,
          );
      });
      net.dispose();
    },
  );

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
      reset(net);
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
              train: pair(f, 'train', k),
              valid: pair(f, 'valid', k),
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
