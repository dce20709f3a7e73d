import { describe, expect, it } from 'vitest';
import { type Pass, testing } from '../nn/index.js';
import { namedGenotype } from '../space/index.js';
import {
  grad,
  matmul,
  mean,
  norm,
  permute,
  randn,
  rng,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
} from '../tensor/index.js';
import {
  AUXILIARY,
  bilateralNetwork,
  CLASSIFIER,
  type Classifier,
  classifiers,
  countMacs,
  derivedBilateralNetwork,
  derivedNetwork,
  type Model,
  type NetShape,
  resnet,
  searchNetwork,
  simplexFrame,
} from './index.js';
import { unitRows } from './unit-rows.js';

const shape: NetShape = { channels: 4, layers: 3, nodes: 2, classes: 5, inputChannels: 3 };
const training: Pass = { training: true, knobs: {} };
const genotype = namedGenotype('darts-v2') ?? {};
const genotypes = { backbone: genotype, instance: genotype, class: genotype };

const networks: readonly [string, (shape: NetShape) => Model][] = [
  ['a ResNet', (s) => resnet(s, { depth: 8 })],
  ['a derived network', (s) => derivedNetwork(s, { genotype, auxiliary: true })],
  ['a derived network of two heads', (s) => derivedBilateralNetwork(s, { genotypes })],
  ['a search', (s) => searchNetwork(s)],
  ['a bilateral search', (s) => bilateralNetwork(s)],
];

const built = (make: (shape: NetShape) => Model, kind?: Classifier): Model => {
  rng.seed(4);
  return make({ ...shape, ...(kind && { classifier: kind }) });
};
const logitsOf = (net: Model, pass: Pass, x: Tensor): Tensor => {
  const [answer] = net.answers(x, pass);
  if (answer === undefined) throw new Error('no answer');
  return answer.logits;
};

describe.each(networks)('the classifier of %s', (_, make) => {
  it('is a linear layer unless said: the same to the bit', () => {
    const results = [undefined, classifiers.read('linear')].map((kind) => {
      const net = built(make, kind);
      const bits = scope(() => [
        ...net.store.flat.toArray(),
        ...logitsOf(net, training, randn([3, 3, 16, 16])).toArray(),
        ...rng.state(),
      ]);
      const { layoutHash } = net.store;
      expect(net.cosines).toBeUndefined();
      net.dispose();
      return [layoutHash, ...bits];
    });
    expect(results[0]).toEqual(results[1]);
  });

  it.each(['cosine(30)', 'etf(10)'])('may be %s: its logits are cosines times the scale', (label) => {
    const kind = classifiers.read(label);
    const net = built(make, kind);
    const scale = kind.cosines?.scale ?? Number.NaN;
    expect(net.cosines).toEqual(kind.cosines);
    scope(() => {
      const z = logitsOf(net, training, randn([6, 3, 16, 16]));
      expect(z.shape).toEqual([6, 5]);
      const values = z.toArray();
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(scale * (1 + 1e-6));
      expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(scale / 100);
      // A frame's vectors sum to 0, and so do the cosines of an image.
      if (kind.cosines?.fixed) {
        const sums = sum(z, { dim: 1 }).toArray();
        for (const total of sums) expect(Math.abs(total)).toBeLessThan(1e-5 * scale);
      }
      const leaves = net.store.leaves;
      const gradients = grad(mean(square(z)), leaves, { unused: 'zeros' });
      expect(gradients.every((g) => g.toArray().every(Number.isFinite))).toBe(true);
      expect(logitsOf(net, testing, randn([2, 3, 16, 16])).shape).toEqual([2, 5]);
    });
    const own = net.store.parameters.filter(({ name }) => /(^|\.)classifier\./.test(name)).map(({ name }) => name);
    const heads = own.map((name) => name.replace(/^.*classifier\./, ''));
    expect(new Set(heads)).toEqual(new Set(kind.cosines?.fixed ? ['norm.weight', 'norm.bias'] : ['weight']));
    net.dispose();
  });
});

describe('a cosine classifier', () => {
  it('starts with weights of unit length in different directions, and does not heed how long features are', () => {
    const net = built((s) => resnet(s, { depth: 8 }), classifiers.read('cosine'));
    const weight = net.store.parameters.find(({ name }) => name === 'classifier.weight')?.value;
    scope(() => {
      if (weight === undefined) throw new Error('no weight');
      for (const length of norm(weight, { dim: 1 }).toArray()) expect(length).toBeCloseTo(1, 6);
      const between = matmul(weight, permute(weight, [1, 0])).toArray();
      for (const [i, cosine] of between.entries()) if (i % 6 !== 0) expect(Math.abs(cosine)).toBeLessThan(0.95);
      expect(Math.min(...weight.toArray())).toBeLessThan(0);
    });
    expect(countMacs(net, { inputChannels: 3, imageSize: 16 })).toBe(
      countMacs(
        built((s) => resnet(s, { depth: 8 })),
        { inputChannels: 3, imageSize: 16 },
      ),
    );
    net.dispose();
  });

  it('has a finite gradient where features are 0', () => {
    scope(() => {
      const x = tensor([
        [0, 0],
        [3, 4],
      ]).requireGrad();
      const unit = unitRows(x);
      for (const [i, value] of [0, 0, 0.6, 0.8].entries()) expect(unit.toArray()[i]).toBeCloseTo(value, 6);
      const [gradient] = grad(sum(unit), [x]);
      expect(gradient?.toArray().slice(0, 2)).toEqual([1, 1]);
    });
  });
});

describe('an equiangular tight frame', () => {
  it.each([
    [2, 2],
    [5, 5],
    [64, 10],
    [128, 100],
  ])('in %i channels has %i unit vectors, each two at cosine −1/(C − 1)', (channels, classes) => {
    scope(() => {
      const m = simplexFrame({ channels, classes });
      expect(m.shape).toEqual([classes, channels]);
      const gram = matmul(m, permute(m, [1, 0])).toArray();
      for (const [i, value] of gram.entries()) {
        const expected = i % (classes + 1) === 0 ? 1 : -1 / (classes - 1);
        expect(Math.abs(value - expected)).toBeLessThan(1e-13);
      }
    });
  });

  it('is another for another seed, and is no weight', () => {
    const frames = [1, 2].map((seed) => {
      rng.seed(seed);
      const net = resnet({ ...shape, classifier: classifiers.read('etf') }, { depth: 8 });
      expect(net.store.parameters.map(({ name }) => name)).not.toContain('classifier.directions');
      const values = scope(() => net.store.buffers.get('classifier.directions')?.toArray());
      net.dispose();
      return values;
    });
    expect(frames[0]).toHaveLength(5 * 16);
    expect(frames[0]).not.toEqual(frames[1]);
  });

  it('is refused where there are more classes than channels', () => {
    const tooMany = { ...shape, channels: 1, classes: 5, classifier: classifiers.read('etf') };
    expect(() => resnet(tooMany, { depth: 8 })).toThrow(
      'Cannot build classifier etf: features must have at least as many channels as there are classes, ' +
        'got 4 channels of 5 classes; take more --channels, or --classifier cosine',
    );
    expect(() => resnet({ ...tooMany, classes: 4 }, { depth: 8 })).not.toThrow();
  });
});

describe('the auxiliary head', () => {
  it('has the classifier of its network, so that one loss fits both', () => {
    const net = derivedNetwork({ ...shape, classifier: classifiers.read('cosine(7)') }, { genotype, auxiliary: true });
    scope(() => {
      const { auxiliary } = net.trained(randn([4, 3, 16, 16]), training);
      expect(Math.max(...(auxiliary?.toArray() ?? [99]).map(Math.abs))).toBeLessThanOrEqual(7.00001);
    });
    const [, size] = net.store.range(AUXILIARY);
    const [, own] = net.store.range(CLASSIFIER);
    const plain = derivedNetwork(shape, { genotype, auxiliary: true });
    expect([plain.store.range(AUXILIARY)[1] - size, plain.store.range(CLASSIFIER)[1] - own]).toEqual([5, 5]);
    for (const each of [net, plain]) each.dispose();
  });
});

describe('classifiers', () => {
  it('are read by their spelling', () => {
    for (const [text, label] of [
      ['linear', 'linear'],
      ['cosine', 'cosine(30)'],
      ['etf(16)', 'etf(16)'],
    ] as const)
      expect(classifiers.read(text).label).toBe(label);
    expect(() => classifiers.read('cosin')).toThrow('unknown classifier "cosin": did you mean "cosine"?');
    expect(() => classifiers.read('etf(0)')).toThrow('Cannot make classifier etf: scale must be > 0, got 0');
    expect(() => classifiers.read('linear(2)')).toThrow('it must be written linear');
  });

  it('scale with the mixed logits of two branches', () => {
    const net = bilateralNetwork({ ...shape, classifier: classifiers.read('cosine(30)') }, { logitScale: 2 });
    expect(net.cosines).toEqual({ scale: 60, fixed: false });
    net.dispose();
  });
});
