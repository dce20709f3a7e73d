import { describe, expect, it } from 'vitest';
import { full, inPlace, liveTensors, noGrad, randn, rng, scope } from '../tensor/index.js';
import { batchNormLayer, fullyConnected, ParameterStore, type Pass, testing } from './index.js';

const pass: Pass = { training: true, knobs: {} };

const built = () => {
  const store = new ParameterStore();
  const [a, b] = [store.component('a'), store.component('b')];
  a.child('x').weight('weight', [2, 3], { constant: 4 });
  b.child('y').child(0).weight('weight', [5], { uniform: 0.5 });
  b.weight('bias', [1], { constant: -1 });
  return store;
};

describe('a parameter store', () => {
  it('lays all weights end to end, each a view of the one vector', () => {
    const before = liveTensors();
    const store = built().allocate();
    expect(store.parameters.map((p) => [p.name, p.component, p.value.shape])).toEqual([
      ['x.weight', 'a', [2, 3]],
      ['y.0.weight', 'b', [5]],
      ['bias', 'b', [1]],
    ]);
    expect([store.size, store.components, store.range('a'), store.range('b')]).toEqual([
      12,
      ['a', 'b'],
      [0, 6],
      [6, 6],
    ]);
    scope(() => noGrad(() => inPlace.copy(store.flat, full([12], 7))));
    for (const p of store.parameters) expect(new Set(p.value.toArray())).toEqual(new Set([7]));
    expect(store.leaves.every((leaf) => leaf.requiresGrad)).toBe(true);
    store.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('starts weights as they say, the same for one seed', () => {
    rng.seed(1);
    const [first, second] = [built().allocate(), built().allocate()];
    const [x, y] = first.parameters.map((p) => p.value.toArray());
    expect(new Set(x)).toEqual(new Set([4]));
    expect(y?.every((v) => v >= -0.5 && v < 0.5)).toBe(true);
    expect(second.flat.toArray()).not.toEqual(first.flat.toArray());
    rng.seed(1);
    const again = built().allocate();
    expect(again.flat.toArray()).toEqual(first.flat.toArray());
    for (const store of [first, second, again]) store.dispose();
  });

  it('starts weights from a normal distribution where it is asked to', () => {
    rng.seed(2);
    const store = new ParameterStore();
    store.component('a').weight('weight', [4, 1000], { normal: 0.3 });
    const values = store.allocate().flat.toArray();
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(deviation).toBeCloseTo(0.3, 1);
    store.dispose();
  });

  it('says what comes in the wrong order, or twice', () => {
    const store = built();
    const [first] = store.parameters;
    expect(() => store.flat).toThrow('Cannot use weights: allocate() must be called first');
    expect(() => first?.value).toThrow('Cannot use weight x.weight: the store must be allocated first');
    expect(() => store.component('b').weight('bias', [1], { constant: 0 })).toThrow(
      'Cannot add weight bias: it exists',
    );
    store.allocate();
    expect(() => store.component('b').weight('late', [1], { constant: 0 })).toThrow('the store is already allocated');
    store.dispose();
  });

  it('freezes components that it has, and leaves one to train', () => {
    const store = new ParameterStore();
    for (const name of ['backbone', 'head']) store.component(name).weight(name, [1], { constant: 1 });
    store.allocate();
    expect(() => store.freeze(['tail'])).toThrow('Cannot freeze: "tail" must be one of the components backbone, head');
    expect(() => store.freeze(['head', 'backbone'])).toThrow(
      'Cannot freeze: one of the components backbone, head must be left to train, all were named',
    );
    store.freeze(['head']);
    expect([...store.frozen]).toEqual(['head']);
    const trains = (p: Pass) => ['backbone', 'head'].map((name) => store.trains(name, p));
    expect([trains(pass), trains(testing)]).toEqual([
      [true, false],
      [false, false],
    ]);
    store.dispose();
  });

  it('lays gradients end to end, with 0 where nothing is trained', () => {
    const store = built().allocate();
    scope(() => {
      const gradients = () => store.trainable.map(({ shape }, i) => full(shape, i + 1));
      expect(store.gather(gradients()).toArray()).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]);
      store.freeze(['a']);
      expect(store.gather(gradients()).toArray()).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2]);
    });
    store.dispose();
  });

  it('has a layout of names and shapes, and a hash that changes with either', () => {
    const store = built();
    store.component('b').child('n').buffer('mean', [7], 0);
    expect(store.layout).toEqual({
      parameters: [
        { name: 'x.weight', shape: [2, 3] },
        { name: 'y.0.weight', shape: [5] },
        { name: 'bias', shape: [1] },
      ],
      buffers: [{ name: 'n.mean', shape: [7] }],
    });
    expect(store.layoutHash).toMatch(/^[0-9a-f]{64}$/);
    const [same, other] = [built(), built()];
    for (const s of [same, other])
      s.component('b')
        .child('n')
        .buffer('mean', [s === same ? 7 : 8], 0);
    expect(same.layoutHash).toBe(store.layoutHash);
    expect(other.layoutHash).not.toBe(store.layoutHash);
  });

  it('builds a shared batch norm once a place', () => {
    const store = new ParameterStore();
    const place = store.component('a');
    const make = () => place.once('pool', (below) => batchNormLayer(below, { channels: 2, affine: false }));
    expect(make()).toBe(make());
    expect([...store.buffers.keys()]).toEqual(['pool.running_mean', 'pool.running_var']);
    store.allocate().dispose();
  });
});

describe('layers', () => {
  it('batch norm scales as multiplying its result would, with and without affine', () => {
    for (const affine of [false, true]) {
      const store = new ParameterStore({ dtype: 'float64' });
      const norm = batchNormLayer(store.component('a'), { channels: 3, affine });
      store.allocate();
      scope(() => {
        const x = randn([2, 3, 4, 4], { dtype: 'float64' });
        const [plain, scaled] = [
          norm.apply(x, pass).toArray(),
          norm.apply(x, pass, full([1], 0.25, { dtype: 'float64' })).toArray(),
        ];
        for (const [i, v] of scaled.entries()) expect(v).toBeCloseTo(0.25 * (plain[i] ?? Number.NaN), 12);
      });
      expect(store.size).toBe(affine ? 6 : 0);
      store.dispose();
    }
  });

  it('a fully connected layer has a bias', () => {
    const store = new ParameterStore();
    const layer = fullyConnected(store.component('a'), { input: 3, output: 2 });
    store.allocate();
    scope(() => {
      noGrad(() => inPlace.copy(store.flat, full([8], 1)));
      expect(layer(full([1, 3], 2)).toArray()).toEqual([7, 7]);
    });
    store.dispose();
  });
});
