import { describe, expect, it } from 'vitest';
import { crossEntropy } from '../loss/index.js';
import { bilateralNetwork, type NetShape } from '../net/index.js';
import { constant, parabolicDecay, schedule } from '../schedule/index.js';
import { softmaxRelaxation } from '../space/index.js';
import { grad, narrow, noGrad, norm, randn, rng, scope, sub, tensor } from '../tensor/index.js';
import { bilateral, heterogeneous, type TensorBatch } from './index.js';

const shape: NetShape = { channels: 4, layers: 3, nodes: 2, classes: 5, inputChannels: 3, dtype: 'float64' };
const criterion = crossEntropy().build([]);
const batch = (label: number): TensorBatch => ({
  images: randn([4, 3, 8, 8], { dtype: 'float64' }),
  labels: tensor(BigInt64Array.from([label, 1, 2, 3].map(BigInt))),
});

/** Norms of the gradients of every component's weights and alphas, and the loss. */
const gradients = (m: number) =>
  scope(() => {
    rng.seed(3);
    const net = bilateral({ mixing: constant(m) }).build(shape, { relax: softmaxRelaxation });
    const { loss } = net.forward([batch(0), batch(4)], { criterion, mixing: m });
    const all = grad(loss, [...net.store.leaves, ...net.alphas.map((a) => a.value)], { unused: 'zeros' });
    const sums = new Map<string, number>();
    const owners = [...net.store.parameters, ...net.alphas.map((a) => ({ component: `alpha of ${a.component}` }))];
    for (const [i, { component }] of owners.entries()) {
      const g = all[i];
      if (g !== undefined) sums.set(component, (sums.get(component) ?? 0) + norm(g).item() ** 2);
    }
    net.dispose();
    return { sums: Object.fromEntries(sums), loss: loss.item() };
  });

describe('the bilateral network', () => {
  it('has the weights that it should have', () => {
    const { store, alphas, dispose } = bilateralNetwork({
      channels: 16,
      layers: 8,
      nodes: 4,
      classes: 10,
      inputChannels: 3,
    });
    expect(store.size).toBe(2_869_636);
    expect(store.components.map((name) => store.range(name)[1])).toEqual([1_928_048, 470_794, 470_794]);
    expect(alphas.map((a) => `${a.component} ${a.kind} ${a.value.shape.join('x')}`)).toEqual([
      'backbone normal 14x8',
      'backbone reduction 14x8',
      'instance normal 14x8',
      'class normal 14x8',
    ]);
    dispose();
  });

  it('gives a head no gradient at all where the mixing leaves it out', () => {
    const class_ = gradients(0).sums;
    expect(class_.instance).toBe(0);
    expect(class_['alpha of instance']).toBe(0);
    expect(class_.class).toBeGreaterThan(0);
    expect(class_['alpha of class']).toBeGreaterThan(0);
    const instance = gradients(1).sums;
    expect(instance.class).toBe(0);
    expect(instance['alpha of class']).toBe(0);
    expect(instance.backbone).toBeGreaterThan(0);
    expect(instance['alpha of backbone']).toBeGreaterThan(0);
  });

  it('mixes the losses of the mixed logits (eq 10)', () => {
    rng.seed(3);
    const method = bilateral({ mixing: constant(0.3) });
    const net = method.build(shape, { relax: softmaxRelaxation });
    const [instance, klass] = [batch(0), batch(4)];
    const { loss, logits, targets } = net.forward([instance, klass], { criterion, mixing: 0.3 });
    const expected = 0.3 * criterion(logits, instance.labels).item() + 0.7 * criterion(logits, klass.labels).item();
    expect(loss.item()).toBeCloseTo(expected, 12);
    expect(targets.map((target) => target.share)).toEqual([0.3, 0.7]);
    net.dispose();
  });

  it('answers both heads from one pass through the backbone, each as its own branch does when testing', () => {
    const net = bilateralNetwork(shape);
    const { images } = batch(0);
    net.store.training = false;
    const [joint, apart] = noGrad(() => [net.heads(images), net.branches(images, images)]);
    for (const i of [0, 1] as const) expect(norm(sub(joint[i], apart[i])).item()).toBeLessThan(1e-12);
    net.dispose();
  });

  it('normalises both branches together, or each by itself', () => {
    const answers = (['joint', 'perBranch'] as const).map((bnScope) => {
      rng.seed(5);
      const net = bilateralNetwork(shape, { bnScope });
      const { images } = batch(0);
      const other = narrow(randn([8, 3, 8, 8], { dtype: 'float64' }), 0, 0, 4);
      const alone = noGrad(() => net.branches(images, images)[0]);
      const beside = noGrad(() => net.branches(images, other)[0]);
      net.dispose();
      return norm(sub(alone, beside)).item();
    });
    expect(answers[0]).toBeGreaterThan(1e-3); // joint: the other branch's images change ours
    expect(answers[1]).toBe(0);
  });
});

describe('bilateral methods', () => {
  it('refuse a mixing outside [0, 1] before anything is built', () => {
    expect(() => bilateral({ mixing: constant(1.2) })).toThrow(/must be in \[0, 1\], got 1.2 at t = 0.00/);
    expect(() => bilateral({ mixing: schedule('broken', (t) => (t > 0.5 ? Number.NaN : 1)) })).toThrow(/got NaN/);
    expect(() => bilateral({ mixing: parabolicDecay(), logitScale: 0 })).toThrow(
      /logitScale must be a number > 0, got 0/,
    );
  });

  it('HLS is the bilateral search with one schedule more', () => {
    const plain = bilateral({ mixing: parabolicDecay() });
    const ours = heterogeneous(parabolicDecay());
    expect(ours.streams).toEqual(plain.streams);
    expect(plain.archLr).toEqual({});
    expect(Object.keys(ours.archLr ?? {})).toEqual(['backbone']);
    expect(ours.archLr?.backbone?.(0.5)).toBeCloseTo(Math.exp(1 - 1 / 0.75), 12);
  });
});
