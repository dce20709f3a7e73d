import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AUXILIARY, type DerivedNet, derivedNetwork, type Model, resnet } from '../src/net/index.js';
import { type Pass, testing } from '../src/nn/index.js';
import { clipNorm, sgd } from '../src/optim/index.js';
import type { DropMask } from '../src/space/index.js';
import { add, crossEntropy, grad, mul, noGrad, scope, type Tensor, tensor } from '../src/tensor/index.js';
import { compare, maxAbs, weightsOf } from './support/compare.js';
import { digest, fillWeights, given, labelsOf, matrix, readJson, sizes, trainBatch } from './support/fixtures.js';

const named = z.array(z.object({ name: z.string(), shape: z.array(z.number()) }));
const training = sizes.pick({ channels: true, classes: true, inChannels: true, batch: true, size: true }).extend({
  name: z.string(),
  about: z.string(),
  weights: named,
  buffers: named,
  momentum: z.number(),
  weightDecay: z.number(),
  clip: z.number(),
  auxiliaryWeight: z.number(),
  steps: z.array(
    z.object({
      lr: z.number(),
      dropPath: z.number(),
      masks: z.array(z.array(z.array(z.number()).nullable())).nullable(),
      logits: matrix,
      auxiliaryLogits: matrix.nullable(),
      loss: z.number(),
      gradNorm: z.number(),
    }),
  ),
  weightGradients: z.array(digest),
  after: z.object({ weights: z.array(digest), buffers: z.array(digest), evalLogits: matrix }),
});
const cell = z.object({
  nodes: z.array(z.array(z.object({ op: z.string(), from: z.number() }))),
  concat: z.array(z.number()),
});
const derived = training.extend({
  layers: z.number(),
  genotype: z.object({ normal: cell, reduction: cell }),
  auxiliary: z.boolean(),
});
const residual = training.extend({ blocks: z.number() });
type Training = z.infer<typeof training>;

/** The cases of a fixture that bench/pytorch/train_fixtures.py made; it says what is in them. */
const casesOf = <T extends z.ZodType>(name: string, schema: T): z.infer<T>[] =>
  z.object({ cases: z.array(schema) }).parse(readJson(name)).cases;

const TIGHT = 1e-9;
const relative = (ours: number, theirs: number): number => Math.abs(ours - theirs) / theirs;

/** The trainings of a network, step by step, beside PyTorch's. */
const train = (f: Training, net: Model & Partial<Pick<DerivedNet, 'trained'>>): void => {
  const fixture = { ...f, edges: [] };
  fillWeights(net.store, fixture);
  const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name).sort();
  expect(names(net.store.layout.parameters)).toEqual(names(f.weights));
  expect(names(net.store.layout.buffers)).toEqual(names(f.buffers));
  const optimizer = sgd(net.store.flat, f);
  const answer = (images: Tensor, pass: Pass): { logits: Tensor; auxiliary?: Tensor | undefined } =>
    net.trained?.(images, pass) ?? given(net.answers(images, pass)[0]);
  for (const [k, step] of f.steps.entries())
    scope(() => {
      const batch = trainBatch(k, fixture);
      const { logits, auxiliary } = answer(batch.images, { training: true, knobs: { dropPath: step.dropPath } });
      const entropy = (of: Tensor): Tensor => crossEntropy(of, labelsOf(batch));
      const loss =
        auxiliary === undefined ? entropy(logits) : add(entropy(logits), mul(entropy(auxiliary), f.auxiliaryWeight));
      expect(maxAbs(logits.toArray(), step.logits.flat()), `logits of step ${k}`).toBeLessThan(TIGHT);
      expect(auxiliary === undefined).toBe(step.auxiliaryLogits === null);
      if (auxiliary !== undefined && step.auxiliaryLogits !== null)
        expect(maxAbs(auxiliary.toArray(), step.auxiliaryLogits.flat()), `auxiliary of step ${k}`).toBeLessThan(TIGHT);
      expect(relative(loss.item(), step.loss)).toBeLessThan(TIGHT);
      const gradients = grad(loss, net.store.leaves, { unused: 'zeros' });
      if (k === 0) {
        const byName = new Map(net.store.parameters.map(({ name }, i) => [name, given(gradients[i])]));
        const floor = 1e-6 * Math.max(...f.weightGradients.map(({ norm }) => norm));
        const [where, error] = compare(byName, f.weightGradients, { names: f.weights, fixture, floor });
        expect(error, where).toBeLessThan(TIGHT);
      }
      noGrad(() => {
        const flat = net.store.gather(gradients);
        expect(relative(clipNorm(flat, { max: f.clip }), step.gradNorm)).toBeLessThan(TIGHT);
        optimizer.step(flat, { lr: step.lr });
      });
    });
  const { after } = f;
  for (const [ours, theirs, list] of [
    [weightsOf(net.store), after.weights, f.weights],
    [net.store.buffers, after.buffers, f.buffers],
  ] as const) {
    const [where, error] = compare(ours, theirs, { names: list, fixture, floor: 1e-3 });
    expect(error, where).toBeLessThan(TIGHT);
  }
  scope(() => {
    const { images } = trainBatch(0, fixture);
    const { logits } = noGrad(() => answer(images, testing));
    expect(maxAbs(logits.toArray(), after.evalLogits.flat()), 'logits when testing').toBeLessThan(TIGHT);
  });
  net.dispose();
};

describe('three steps of training agree with PyTorch in float64 to 1e-9', () => {
  it.each(casesOf('derived', derived))('of a derived network: $name, $about', (f) => {
    const masks = f.steps.flatMap((step) => (step.masks ?? []).flat().filter((mask) => mask !== null));
    const mask: DropMask = ({ batch }) =>
      tensor(Float64Array.from(given(masks.shift())), { shape: [batch, 1, 1, 1], dtype: 'float64' });
    const { inChannels: inputChannels, genotype, auxiliary } = f;
    const nodes = genotype.normal.nodes.length;
    const net = derivedNetwork(
      { ...f, nodes, inputChannels, imageSize: f.size, dtype: 'float64' },
      { genotype, auxiliary, mask },
    );
    expect(net.store.components.includes(AUXILIARY)).toBe(auxiliary);
    train(f, net);
    expect(masks).toEqual([]);
  });

  it.each(casesOf('resnet', residual))('of a residual network: $name, $about', (f) => {
    const shape = { ...f, inputChannels: f.inChannels, imageSize: f.size, dtype: 'float64' as const };
    train(f, resnet(shape, { depth: 6 * f.blocks + 2 }));
  });
});
