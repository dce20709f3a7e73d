import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Supernet, searchNetwork } from '../src/net/index.js';
import type { Pass } from '../src/nn/index.js';
import { dartsPrimitives, type EdgeShape, type Relaxation, relaxations, searchPlan } from '../src/space/index.js';
import { add, crossEntropy, grad, inPlace, mul, noGrad, rng, scope, type Tensor, zeros } from '../src/tensor/index.js';
import { compare, maxAbs, shapeOf } from './support/compare.js';
import {
  digest,
  fillWeights,
  given,
  labelsOf,
  matrix,
  noise,
  noiseTensor,
  readJson,
  sizes,
  trainBatch,
} from './support/fixtures.js';

const gradients = z.array(z.array(z.number()));
const network = sizes.extend({
  logits: matrix,
  loss: z.number(),
  alphaGradients: gradients,
  weightGradients: z.array(digest),
  moved: z.array(digest),
  evalLogits: matrix,
});
const content = z.object({
  noise: z.array(z.number()),
  temperature: z.number(),
  radius: z.number(),
  seed: z.number(),
  relaxations: z.record(z.string(), z.object({ value: matrix, gradients })),
  penalty: z.object({ value: z.number(), gradients }),
  networks: z.object({ partial: network, auxiliary: network }),
});

/** What bench/pytorch/method_fixtures.py made; it says what is in it. */
const f = content.parse(readJson('methods'));
const TIGHT = 1e-9;
const plan = searchPlan(dartsPrimitives, { nodes: 2 });

/** The weights of a training pass, [edges × operations], and the gradients of Σ weights · noise(2) in alpha. */
const relaxed = (relaxation: Relaxation, knobs: Pass['knobs']) =>
  scope(() => {
    const ops = noiseTensor(1, [5, 8], { scale: 2 }).requireGrad();
    const edges = noiseTensor(3, [5]).requireGrad();
    const leaves = 'edges' in relaxation.shapes(plan) ? [ops, edges] : [ops];
    rng.seed(f.seed);
    const weights = relaxation.weights({ ops, edges }, { plan, pass: { training: true, knobs } });
    const cotangent = noise(2, 40);
    const terms = Array.from({ length: 40 }, (_, i) => weights.at(Math.floor(i / 8), i % 8));
    const loss = terms.reduce<Tensor>(
      (sum, weight, i) => (typeof weight === 'number' ? sum : add(sum, mul(weight, cotangent[i] ?? 0))),
      zeros([], { dtype: 'float64' }),
    );
    return {
      value: terms.map((weight) => (typeof weight === 'number' ? weight : weight.item())),
      gradients: grad(loss, leaves).map((g) => g.toArray()),
    };
  });

describe('relaxations beside PyTorch in float64', () => {
  it('reads the fixture with the generator that made it', () => {
    expect([...noise(77, 4)]).toEqual(f.noise);
  });

  it.each(Object.keys(f.relaxations))('%s: weights and gradients agree to 1e-9', (name) => {
    const expected = given(f.relaxations[name]);
    const relaxation = relaxations.read(name === 'perturbed' ? 'softmax' : name);
    const { temperature, radius: perturbation } = f;
    const knobs = name === 'perturbed' ? { perturbation } : name === 'edgeNormalised' ? {} : { temperature };
    const ours = relaxed(relaxation, knobs);
    expect(maxAbs(ours.value, expected.value.flat())).toBeLessThan(TIGHT);
    expect(ours.gradients).toHaveLength(expected.gradients.length);
    for (const [i, theirs] of expected.gradients.entries())
      expect(maxAbs(given(ours.gradients[i]), theirs), `gradient ${i}`).toBeLessThan(TIGHT);
  });

  it('the zero-one loss of FairDARTS and its gradients agree to 1e-9', () => {
    scope(() => {
      const alphas = [1, 4].map((seed) => noiseTensor(seed, [5, 8], { scale: 2 }).requireGrad());
      const value = given(relaxations.read('sigmoid').penalty)(alphas);
      expect(value.item()).toBeCloseTo(f.penalty.value, 12);
      for (const [i, g] of grad(value, alphas).entries())
        expect(maxAbs(g.toArray(), given(f.penalty.gradients[i]))).toBeLessThan(TIGHT);
    });
  });
});

const fill = (net: Supernet): void => {
  const seeds = { 'normal.ops': 1, 'reduction.ops': 2, 'normal.edges': 3, 'reduction.edges': 4 };
  for (const [place, seed] of Object.entries(seeds))
    scope(() =>
      noGrad(() => {
        const alpha = net.alphas.find(({ kind, part }) => `${kind}.${part}` === place);
        if (alpha !== undefined) inPlace.copy(alpha.value, noiseTensor(seed, alpha.value.shape, { scale: 0.5 }));
      }),
    );
};

describe('edges beside PyTorch in float64', () => {
  it.each<['partial' | 'auxiliary', EdgeShape, string, Pass['knobs']]>([
    ['partial', { partial: 2 }, 'edgeNormalised', {}],
    ['auxiliary', { auxiliarySkip: true }, 'softmax', { auxiliarySkip: 0.4 }],
  ])('%s: logits, loss, gradients and buffers of a pass agree to 1e-9', (name, edges, relax, knobs) => {
    const own = f.networks[name];
    const net = searchNetwork(shapeOf(own, 'float64'), { edges, relaxation: relaxations.read(relax) });
    expect(net.store.parameters).toHaveLength(own.weights.length);
    fillWeights(net.store, own);
    fill(net);
    scope(() => {
      const batch = trainBatch(0, own, { dtype: 'float64' });
      const { logits } = given(net.answers(batch.images, { training: true, knobs })[0]);
      const loss = crossEntropy(logits, labelsOf(batch));
      const parts = [...net.alphas].sort((a, b) => (a.part === b.part ? 0 : a.part === 'ops' ? -1 : 1));
      const found = grad(loss, [...parts.map(({ value }) => value), ...net.store.leaves], { unused: 'zeros' });
      expect(maxAbs(logits.toArray(), own.logits.flat())).toBeLessThan(TIGHT);
      expect(Math.abs(loss.item() - own.loss) / own.loss).toBeLessThan(TIGHT);
      for (const [i, theirs] of own.alphaGradients.entries())
        expect(maxAbs(given(found[i]).toArray(), theirs), `alpha ${i}`).toBeLessThan(TIGHT);
      const byName = new Map(net.store.parameters.map((p, i) => [p.name, given(found[parts.length + i])]));
      const largest = Math.max(...own.weightGradients.map((d) => d.norm));
      const weights = compare(byName, own.weightGradients, { names: own.weights, fixture: own, floor: largest * 1e-6 });
      expect(weights[1], weights[0]).toBeLessThan(TIGHT);
      const buffers = compare(net.store.buffers, own.moved, { names: own.buffers, fixture: own, floor: 1e-6 });
      expect(buffers[1], buffers[0]).toBeLessThan(TIGHT);
      const tested = noGrad(() => given(net.answers(batch.images, { training: false, knobs })[0]).logits);
      expect(maxAbs(tested.toArray(), own.evalLogits.flat())).toBeLessThan(TIGHT);
    });
    net.dispose();
  });

  it.each<[string, EdgeShape, number]>([
    ['one channel in four (PC-DARTS)', { partial: 4 }, 299_578],
    ['a skip connection beside each edge (DARTS−)', { auxiliarySkip: true }, 1_971_578],
  ])('with %s the network of 16 channels and 8 cells has as many weights as the authors’', (_, edges, expected) => {
    const net = searchNetwork({ channels: 16, layers: 8, nodes: 4, classes: 10, inputChannels: 3 }, { edges });
    expect(net.store.size).toBe(expected);
    net.dispose();
  });

  it('that are partial are the same fused and plain, on odd images too', () => {
    const outputs = [true, false].map((fused) =>
      scope(() => {
        rng.seed(3);
        const shape = { channels: 8, layers: 3, nodes: 2, classes: 4, inputChannels: 3, fused };
        const edges = { partial: 2, auxiliarySkip: true };
        const net = searchNetwork(shape, { edges, relaxation: relaxations.read('edgeNormalised') });
        const images = noiseTensor(5, [4, 3, 15, 13], { dtype: 'float32' });
        const { logits } = given(net.answers(images, { training: true, knobs: { auxiliarySkip: 0.5 } })[0]);
        const values = [
          logits,
          ...grad(
            mul(logits, logits),
            net.alphas.map(({ value }) => value),
            {
              gradOutputs: [noiseTensor(6, logits.shape, { dtype: 'float32' })],
            },
          ),
        ].map((x) => x.toArray());
        net.dispose();
        return values;
      }),
    );
    for (const [i, plain] of (outputs[1] ?? []).entries())
      expect(maxAbs(given(outputs[0]?.[i]), plain)).toBeLessThan(2e-4);
  });
});
