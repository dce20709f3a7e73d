import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { crossEntropy } from '../src/loss/index.js';
import { bilateral, type SearchNet, type TensorBatch } from '../src/method/index.js';
import { adam, archOptimizer, sgd } from '../src/optim/index.js';
import { constant, product } from '../src/schedule/index.js';
import { softmaxRelaxation } from '../src/space/index.js';
import { type Dtype, grad, inPlace, noGrad, scope, type Tensor } from '../src/tensor/index.js';
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
  ourName,
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
const onePass = sizes.extend({
  bnScope: z.enum(['joint', 'perBranch']),
  alphaNames: z.array(z.string()),
  pass: z.object({
    mixing: z.number(),
    logits: matrix,
    loss: z.number(),
    alphaGradient: byName(matrix),
    weightGradients: z.array(digest),
    buffers: z.array(digest),
    evalLogits: matrix,
  }),
});
const exact = onePass.extend({
  weightLr: z.number(),
  archLr: z.number(),
  ends: z.array(z.object({ mixing: z.number(), loss: z.number(), alphaGradient: byName(digest) })),
  firstOrder: z.array(step),
  secondOrder: z.array(step).optional(),
});
const apart = z.object({ alpha: z.number(), weights: z.number() });
const rounded = onePass.extend({
  layouts: z.array(z.object({ nchwToFloat64: apart, channelsLastToFloat64: apart, channelsLastToNchw: apart })),
});
type Bilateral = z.infer<typeof onePass>;

const pair = (
  f: Bilateral,
  part: 'train' | 'valid',
  { k, dtype = 'float64' }: { k: number; dtype?: Dtype },
): TensorBatch[] => {
  const seeds = part === 'train' ? ([3, 33] as const) : ([13, 43] as const);
  const label =
    part === 'train'
      ? ([(i: number) => 7 * i + 3 * k, (i: number) => 3 * i + k + 2] as const)
      : ([(i: number) => 5 * i + 2 * k + 1, (i: number) => 2 * i + 4 * k + 3] as const);
  return ([0, 1] as const).map((branch) => ({
    images: images(seeds[branch] + k, f, { dtype }),
    labels: labels(f.batch, (i) => label[branch](i) % f.classes),
  }));
};

const build = (f: Bilateral, mixing: number, { dtype = 'float64' }: { dtype?: Dtype } = {}): SearchNet => {
  const method = bilateral({ mixing: constant(mixing), bnScope: f.bnScope });
  const net = method.build(shapeOf(f, dtype), { relax: softmaxRelaxation });
  fillWeights(net.store, f);
  reset(net);
  return net;
};

const reset = (net: SearchNet): void => {
  for (const [i, { value }] of net.alphas.entries())
    scope(() =>
      noGrad(() => inPlace.copy(value, noiseTensor(i + 1, value.shape, { scale: 0.5, dtype: net.store.dtype }))),
    );
};

const named = (net: SearchNet, tensors: readonly Tensor[]): Map<string, Tensor> =>
  new Map(net.alphas.map(({ component, kind }, i) => [`${component}.${kind}`, given(tensors[i])]));

const criterion = crossEntropy().build([]);
const TIGHT = 1e-9;

/** |ours − theirs| / |theirs| of two vectors, L2. */
const relative = (ours: readonly number[], theirs: readonly number[]): number =>
  Math.hypot(...theirs.map((v, i) => v - (ours[i] ?? Number.NaN))) / Math.hypot(...theirs);

/** One pass in training mode from a fresh state, and what PyTorch has for it: the relative errors. */
const passErrors = (f: Bilateral, dtype: Dtype) => {
  const { mixing, ...theirs } = f.pass;
  const net = build(f, mixing, { dtype });
  expect(net.alphas.map((a) => `${a.component}.${a.kind}`)).toEqual(f.alphaNames);
  const errors = scope(() => {
    const batches = pair(f, 'train', { k: 0, dtype });
    const { loss, logits } = net.forward(batches, { criterion, mixing });
    const gradients = grad(loss, [...net.store.leaves, ...net.alphas.map((a) => a.value)], { unused: 'zeros' });
    const alphas = [...named(net, gradients.slice(net.store.leaves.length))].map(([name, gradient]) => ({
      ours: gradient.toArray(),
      theirs: given(theirs.alphaGradient[name]).flat(),
    }));
    const weights = new Map(net.store.parameters.map((p, i) => [p.name, given(gradients[i])]));
    const norms = theirs.weightGradients.map((d) => d.norm);
    const floor = Math.max(...norms) * 1e-6;
    // A mean near 0 is only as exact as the deviation around it, which the momentum of 0.1 brings to about 0.1.
    const bufferFloor = dtype === 'float32' ? 0.1 : 1e-6;
    const parts = f.weights.map(({ name }, i) =>
      digestError(digestOf(given(weights.get(ourName(name, f)))), given(theirs.weightGradients[i]), {
        floor: Math.hypot(...norms),
      }),
    );
    net.store.training = false;
    const answers = noGrad(() => given(net.mixed?.(given(batches[0]).images, [mixing])[0]));
    return {
      logits: maxAbs(logits.toArray(), theirs.logits.flat()),
      loss: Math.abs(loss.item() - theirs.loss) / theirs.loss,
      evalLogits: maxAbs(answers.toArray(), theirs.evalLogits.flat()),
      buffers: compare(net.store.buffers, theirs.buffers, { names: f.buffers, fixture: f, floor: bufferFloor }),
      alpha: Math.max(...alphas.map((a) => maxAbs(a.ours, a.theirs))),
      alphaVector: relative(
        alphas.flatMap((a) => a.ours),
        alphas.flatMap((a) => a.theirs),
      ),
      weights: compare(weights, theirs.weightGradients, { names: f.weights, fixture: f, floor }),
      // A digest's dot product, with noise of variance 1/3, shows 1/√3 of a difference on average; its norm may show more.
      weightVector: Math.sqrt(3) * Math.hypot(...parts),
    };
  });
  net.dispose();
  return errors;
};

const expectBelow = (limit: number, errors: Readonly<Record<string, number | [string, number]>>): void => {
  for (const [what, error] of Object.entries(errors))
    expect(Array.isArray(error) ? error[1] : error, `${what}: ${error}`).toBeLessThan(limit);
};

describe.each(['bilateral-joint', 'bilateral-branch'])('parity of %s with PyTorch in float64', (name) => {
  const f = exact.parse(readJson(name));

  it('logits, loss, every gradient and buffer of a pass agree to 1e-9', () => {
    expectBelow(TIGHT, passErrors(f, 'float64'));
  });

  it.each(f.ends)(
    'at mixing $mixing loss and gradients of alpha agree, zeros included',
    ({ mixing, loss, alphaGradient }) => {
      const net = build(f, mixing);
      scope(() => {
        const outcome = net.forward(pair(f, 'train', { k: 0 }), { criterion, mixing });
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

describe('parity of bilateral-float32 with PyTorch in float32', () => {
  const f = rounded.parse(readJson('bilateral-float32'));
  // What PyTorch's own two layouts differ by, over its draws: a ReLU or a pooling tie near its kink flips in one and not in the other.
  const most = (pick: 'alpha' | 'weights') =>
    Math.max(
      ...f.layouts.flatMap((l) => [l.nchwToFloat64, l.channelsLastToFloat64, l.channelsLastToNchw]).map((l) => l[pick]),
    );

  it('outputs, loss and buffers agree to 1e-5 with float64, gradients as closely as PyTorch agrees with itself', () => {
    const { logits, loss, evalLogits, buffers, alphaVector, weightVector } = passErrors(f, 'float32');
    expectBelow(1e-5, { logits, loss, evalLogits, buffers });
    expectBelow(Math.max(1e-4, most('alpha')), { alphaVector });
    expectBelow(Math.max(1e-4, most('weights')), { weightVector });
  });
});
