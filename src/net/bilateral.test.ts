import { describe, expect, it } from 'vitest';
import { type Pass, testing } from '../nn/index.js';
import { add, crossEntropy, grad, mul, narrow, noGrad, norm, randn, rng, scope, sub, tensor } from '../tensor/index.js';
import {
  type BilateralModel,
  type BilateralNet,
  bilateralNetwork,
  derivedBilateralNetwork,
  type NetShape,
} from './index.js';

const shape: NetShape = { channels: 4, layers: 3, nodes: 2, classes: 5, inputChannels: 3, dtype: 'float64' };
const training: Pass = { training: true, knobs: {} };
const images = () => randn([4, 3, 8, 8], { dtype: 'float64' });
const labels = (first: number) => tensor(BigInt64Array.from([first, 1, 2, 3].map(BigInt)));

/** Norms of the gradients of every component's weights and alphas by the mixed loss (eq 10). */
const gradients = (m: number): Record<string, number> =>
  scope(() => {
    rng.seed(3);
    const net = bilateralNetwork(shape);
    const logits = net.mix(net.branches(images(), images(), training), m);
    const loss = add(mul(crossEntropy(logits, labels(0)), m), mul(crossEntropy(logits, labels(4)), 1 - m));
    const all = grad(loss, [...net.store.leaves, ...net.alphas.map((a) => a.value)], { unused: 'zeros' });
    const sums: Record<string, number> = {};
    const owners = [...net.store.parameters, ...net.alphas.map((a) => ({ component: `alpha of ${a.component}` }))];
    for (const [i, { component }] of owners.entries()) {
      const g = all[i];
      if (g !== undefined) sums[component] = (sums[component] ?? 0) + norm(g).item() ** 2;
    }
    net.dispose();
    return sums;
  });

describe('the bilateral network', () => {
  it('has the weights that it should have', () => {
    const net = bilateralNetwork({ channels: 16, layers: 8, nodes: 4, classes: 10, inputChannels: 3 });
    expect(net.store.size).toBe(2_869_636);
    expect(net.store.components.map((name) => net.store.range(name)[1])).toEqual([1_928_048, 470_794, 470_794]);
    expect(net.alphas.map((a) => `${a.component} ${a.kind} ${a.part} ${a.value.shape.join('x')}`)).toEqual([
      'backbone normal ops 14x8',
      'backbone reduction ops 14x8',
      'instance normal ops 14x8',
      'class normal ops 14x8',
    ]);
    net.dispose();
  });

  it('gives a head no gradient at all where the mixing leaves it out', () => {
    const klass = gradients(0);
    expect(klass['instance']).toBe(0);
    expect(klass['alpha of instance']).toBe(0);
    expect(klass['class']).toBeGreaterThan(0);
    expect(klass['alpha of class']).toBeGreaterThan(0);
    const instance = gradients(1);
    expect(instance['class']).toBe(0);
    expect(instance['alpha of class']).toBe(0);
    expect(instance['backbone']).toBeGreaterThan(0);
    expect(instance['alpha of backbone']).toBeGreaterThan(0);
  });

  const withScale = (logitScale: number): BilateralNet => {
    rng.seed(4);
    return bilateralNetwork(shape, { logitScale });
  };

  it('answers at eleven mixings from one pass, each as its own branch does when testing, the class head first', () => {
    for (const logitScale of [1, 2])
      scope(() => {
        const net = withScale(logitScale);
        const x = images();
        const [answers, pair] = noGrad(() => [net.answers(x, testing), net.branches(x, x, testing)]);
        expect(answers.map(({ at }) => at)).toEqual(net.settings);
        expect(net.settings.map(({ mixing }) => mixing)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
        const [first, middle, last] = [0, 5, 10].map((i) => answers[i]?.logits ?? pair[0]);
        const far = (a = pair[0], b = pair[0]) => norm(sub(a, b)).item();
        expect(far(first, mul(pair[1], logitScale))).toBeLessThan(1e-12);
        expect(far(last, mul(pair[0], logitScale))).toBeLessThan(1e-12);
        expect(far(middle, mul(add(pair[0], pair[1]), logitScale / 2))).toBeLessThan(1e-12);
        expect(net.answers(x, testing, [{ mixing: 0.25 }]).map(({ at }) => at)).toEqual([{ mixing: 0.25 }]);
        expect(() => net.answers(x, testing, [{}])).toThrow('a bilateral network needs a mixing, got none');
        net.dispose();
      });
  });

  it('refuses a logitScale that cannot be', () => {
    for (const logitScale of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => bilateralNetwork(shape, { logitScale })).toThrow(
        `Cannot mix branches: logitScale must be a number > 0, got ${logitScale}`,
      );
  });

  it('normalises both branches together, or each by itself', () => {
    const differences = (['joint', 'perBranch'] as const).map((bnScope) => {
      rng.seed(5);
      const net = bilateralNetwork(shape, { bnScope });
      const x = images();
      const other = narrow(randn([8, 3, 8, 8], { dtype: 'float64' }), 0, 0, 4);
      const alone = noGrad(() => net.branches(x, x, training)[0]);
      const beside = noGrad(() => net.branches(x, other, training)[0]);
      net.dispose();
      return norm(sub(alone, beside)).item();
    });
    expect(differences[0]).toBeGreaterThan(1e-3); // joint: the other branch's images change ours
    expect(differences[1]).toBe(0);
  });
});

describe('the derived bilateral network', () => {
  it('is built of what a search found, with affine norms, and answers as the supernet does', () => {
    const net = bilateralNetwork(shape);
    const derived: BilateralModel = derivedBilateralNetwork(shape, { genotypes: net.genotypes() });
    expect(derived.store.components).toEqual(['backbone', 'instance', 'class']);
    expect(derived.settings).toEqual(net.settings);
    const names = derived.store.parameters.map(({ name }) => name);
    for (const head of ['instance', 'class'])
      expect(names).toEqual(expect.arrayContaining([`${head}.cell.preprocess0.bn.weight`, `${head}.classifier.bias`]));
    scope(() => {
      const pair = derived.branches(images(), images(), training);
      expect(pair.map((logits) => logits.shape)).toEqual([
        [4, 5],
        [4, 5],
      ]);
      expect(derived.answers(images(), testing)).toHaveLength(11);
    });
    derived.dispose();
    net.dispose();
  });

  it('says which head is missing', () => {
    const net = bilateralNetwork(shape);
    const { class: _, ...genotypes } = net.genotypes();
    expect(() => derivedBilateralNetwork(shape, { genotypes })).toThrow(
      'Cannot build network: there is no genotype of the class',
    );
    net.dispose();
  });
});
