import { describe, expect, it } from 'vitest';
import { randn, rng, scope, tensor } from '../tensor/index.js';
import { batchNormLayer, ParameterStore, recalibrate } from './index.js';

describe('running statistics measured anew', () => {
  it('are the weighted mean of the batches alone, and those of norms that do not run stay', () => {
    rng.seed(1);
    const store = new ParameterStore({ dtype: 'float64' });
    const place = store.component('backbone');
    const runs = batchNormLayer(place.child('runs'), { channels: 2, affine: false });
    batchNormLayer(place.child('idle'), { channels: 2, affine: false });
    place.weight('any', [1], { constant: 0 });
    store.allocate();
    const batches = [0, 1, 2].map((i) => {
      const x = randn([4, 2, 3, 3], { dtype: 'float64' });
      return { x, i };
    });
    const pass = { training: true, knobs: {} };
    scope(() => void runs.apply(tensor(new Float64Array(8).fill(7), { shape: [1, 2, 2, 2] }), pass));
    recalibrate(store, { passes: 3, pass: (i) => void runs.apply(batches[i]?.x ?? randn([1]), pass) });
    const weights = [0.9 ** 2, 0.9, 1].map((w) => w / (0.9 ** 2 + 0.9 + 1));
    for (const channel of [0, 1]) {
      const of = batches.map(({ x }) => {
        const all = x.toArray().filter((_, i) => Math.floor(i / 9) % 2 === channel);
        const mean = all.reduce((a, b) => a + b) / all.length;
        return { mean, var: all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (all.length - 1) };
      });
      const expected = (what: 'mean' | 'var') => of.reduce((sum, one, i) => sum + one[what] * (weights[i] ?? 0), 0);
      expect(store.buffers.get('runs.running_mean')?.toArray()[channel]).toBeCloseTo(expected('mean'), 12);
      expect(store.buffers.get('runs.running_var')?.toArray()[channel]).toBeCloseTo(expected('var'), 12);
    }
    expect(store.buffers.get('idle.running_var')?.toArray()).toEqual([1, 1]);
    // A pass may run a norm more than once, as that of two branches does.
    const [{ x } = { x: randn([1]) }] = batches;
    const twice = () => [0, 1].forEach(() => void runs.apply(x, pass));
    recalibrate(store, { passes: 3, pass: twice, updates: (name) => (name.startsWith('runs.') ? 2 : 1) });
    const own = x.toArray().filter((_, i) => Math.floor(i / 9) % 2 === 0);
    const mean = own.reduce((a, b) => a + b) / own.length;
    expect(store.buffers.get('runs.running_mean')?.toArray()[0]).toBeCloseTo(mean, 12);
    store.dispose();
  });
});
