import { describe, expect, it } from 'vitest';
import { alone, type Group } from '../group/index.js';
import { ParameterStore } from '../nn/index.js';
import { add, full, inPlace, mul, noGrad, rand, rng, scope } from '../tensor/index.js';
import { drawingApart, meanStep } from './shared.js';

/** A process of two; the other gives 1 in every place, so that a mean is (x + 1) / 2. `lengths`: of what was sent. */
const beside = (rank: number, lengths: number[] = []): Group => {
  let stops = false;
  return {
    ...alone,
    rank,
    size: 2,
    mean: (x) => {
      lengths.push(x.shape[0] ?? 0);
      scope(() => noGrad(() => inPlace.copy(x, mul(add(x, 1), 0.5))));
    },
    get stops() {
      return stops;
    },
    hear: (stop) => {
      stops ||= stop;
    },
  };
};

const storeOf = (): ParameterStore => {
  const store = new ParameterStore();
  for (const name of ['free', 'frozen']) {
    const place = store.component(name);
    place.weight(`${name}.weight`, [2], { constant: 0 });
    place.buffer(`${name}.running_mean`, [2], 5);
    place.buffer(`${name}.directions`, [2], 5);
  }
  return store.allocate();
};

describe('meanStep', () => {
  it('is one mean of gradient, further leaves, moving statistics and numbers, and tells of a stop', () => {
    scope(() => {
      const store = storeOf();
      store.freeze(['frozen']);
      const lengths: number[] = [];
      const group = beside(1, lengths);
      const found = { store, gradients: [full([2], 3)], extra: [full([1, 2], 7)], numbers: [9, 0] };
      const { flat, extra, numbers } = meanStep(group, found);
      expect(lengths).toEqual([4 + 2 + 2 + 2 + 1]); // weights, leaf, one buffer, numbers, stop
      expect(flat.toArray()).toEqual([2, 2, 0.5, 0.5]); // a frozen component's gradient is 0 in both
      expect(extra.map((t) => [t.shape, t.toArray()])).toEqual([
        [
          [1, 2],
          [4, 4],
        ],
      ]);
      expect(numbers).toEqual([5, 0.5]);
      expect(group.stops).toBe(true);
      const buffers = Object.fromEntries([...store.buffers].map(([name, b]) => [name, b.toArray()[0]]));
      expect(buffers).toEqual({
        ...{ 'free.running_mean': 3, 'free.directions': 5 },
        ...{ 'frozen.running_mean': 5, 'frozen.directions': 5 },
      });
      store.dispose();
    });
  });

  it('changes nothing in a process alone', () => {
    scope(() => {
      const store = storeOf();
      const leaf = full([1], 7);
      const found = { store, gradients: [full([2], 3), full([2], 4)], extra: [leaf], numbers: [9] };
      const { flat, extra, numbers } = meanStep(alone, found);
      expect([flat.toArray(), extra[0] === leaf, numbers]).toEqual([[3, 3, 4, 4], true, [9]]);
      store.dispose();
    });
  });
});

describe('drawingApart', () => {
  const draw = (): number[] => scope(() => rand([3]).toArray());

  it('gives each process numbers of its own, and the same random state to all afterwards', () => {
    const drawn = [0, 1].map((rank) => {
      rng.seed(4);
      const own = drawingApart(beside(rank), draw);
      if (rank === 1) drawingApart(beside(rank), () => undefined);
      else drawingApart(beside(rank), () => [draw(), draw()]);
      return { own, state: rng.state() };
    });
    expect(drawn[0]?.own).not.toEqual(drawn[1]?.own);
    expect(drawn[0]?.state).toEqual(drawn[1]?.state);
  });

  it('is nothing in a process alone', () => {
    rng.seed(4);
    const plain = draw();
    rng.seed(4);
    expect(drawingApart(alone, draw)).toEqual(plain);
  });
});
