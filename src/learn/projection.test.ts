import { describe, expect, it } from 'vitest';
import type { Supernet } from '../net/index.js';
import { ParameterStore } from '../nn/index.js';
import { dartsSpace, softmaxRelaxation } from '../space/index.js';
import { full, randn, reshape, rng, scope, tensor, zeros } from '../tensor/index.js';
import type { Learner } from './learner.js';
import { decisions, projecting, projectionEpochs } from './projection.js';

const NODES = 2; // five edges; the second node has three
const EDGES = 5;
const OPS = 8;
const IMAGES = 2000;
const EVERY = 2;

/** How many images are answered rightly because of an operation. `none` seems worth most. */
const worth = (row: number, column: number): number => (column === 0 ? 90 : 1 + ((row * 5 + column * 3) % 7)) + 7 * row;
/** The operation of an edge that is worth most, `none` apart. */
const best = (row: number): number =>
  Array.from({ length: OPS - 1 }, (_, i) => i + 1).reduce((a, b) => (worth(row, b) > worth(row, a) ? b : a));

/** A network whose answers depend on which operations it has, and on nothing else. `equal`: all of them are right. */
const setup = ({ equal = false, settings = [{}] }: { equal?: boolean; settings?: Supernet['settings'] } = {}) => {
  const plan = () => dartsSpace.plan('normal', { nodes: NODES }).nodes;
  const made = decisions(plan);
  const at = (row: number, column: number) => made.of({ component: 'backbone', kind: 'normal', row, column });
  const table = () =>
    Array.from({ length: EDGES }, (_, row) => Array.from({ length: OPS }, (__, column) => at(row, column)));
  const store = new ParameterStore();
  store.component('backbone').weight('w', [1], { constant: 0 });
  store.allocate();
  const asked: { training: boolean; at: Supernet['settings'] | undefined }[] = [];
  const net: Supernet = {
    store,
    settings,
    answers: (images, { training }, at) => {
      asked.push({ training, at });
      const right = table().reduce(
        (sum, ops, row) => sum + ops.reduce<number>((s, has, column) => s + (has === 0 ? 0 : worth(row, column)), 0),
        0,
      );
      const n = images.shape[0] ?? 0;
      const sure = 1 + right / IMAGES;
      const rows = Array.from({ length: n }, (_, i) => (equal || i < right ? [sure, 0] : [0, sure]));
      return [{ at: {}, logits: reshape(tensor(rows.flat()), [n, 2]) }];
    },
    dispose: () => store.dispose(),
    space: dartsSpace,
    relaxation: softmaxRelaxation,
    alphas: [{ component: 'backbone', kind: 'normal', part: 'ops', value: zeros([EDGES, OPS]) }],
    opWeights: () => ({}),
    genotypes: () => ({}),
  };
  const inner: Learner = {
    kind: 'search',
    model: net,
    streams: [],
    step: () => ({ loss: 0, accuracy: 0, gradNorm: {} }),
    freeze: () => {},
    tensors: {},
    record: () => ({}),
    genotypes: () => ({}),
    dispose: () => net.dispose(),
  };
  const images = () => [
    { images: randn([IMAGES, 1, 1, 1]), targets: [{ labels: full([IMAGES], 0, { dtype: 'int64' }), share: 1 }] },
  ];
  const learner = projecting(inner, { net, made, every: EVERY, keep: 2, images, most: IMAGES, plan });
  return { learner, made, asked, table };
};

const epochs = projectionEpochs({ edges: EDGES, nodes: NODES, every: EVERY });

/** Goes through all epochs, of two steps each. */
const carryOut = ({ learner }: ReturnType<typeof setup>, from = 0, to = epochs): void => {
  for (let epoch = from; epoch < to; epoch++)
    for (let step = 0; step < 2; step++) learner.step([], { epoch, step, knobs: {} });
};

const decided = ({ table }: ReturnType<typeof setup>): number =>
  table().filter((ops) => ops.some((op) => op !== undefined)).length;

describe('perturbation-based selection', () => {
  it('has five edges and a node to decide, two epochs apart', () => expect(epochs).toBe(2 * 5 + 1));

  it.each([
    ['accuracy', false],
    ['the loss, where accuracies are equal', true],
  ])('keeps what the network answers worst without, by %s', (_, equal) => {
    scope(() => {
      rng.seed(1);
      const made = setup({ equal });
      carryOut(made);
      made.table().forEach((ops, row) => {
        const kept = row === 2 ? [] : [best(row)]; // of the second node's three edges the first is worth least
        expect(ops.flatMap((op, column) => (op === 1 ? [column] : []))).toEqual(kept);
        expect(ops.filter((op) => op === 0)).toHaveLength(OPS - kept.length);
      });
      made.learner.dispose();
    });
  });

  it('decides an edge every second epoch, of seven tries each, in training passes', () => {
    scope(() => {
      rng.seed(1);
      const made = setup();
      const course: [number, number][] = [];
      for (let epoch = 0; epoch < epochs; epoch++) {
        carryOut(made, epoch, epoch + 1);
        course.push([decided(made), made.asked.length]);
      }
      expect(course.map(([edges]) => edges)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5]);
      expect(course.map(([, passes]) => passes)).toEqual([7, 7, 14, 14, 21, 21, 28, 28, 35, 35, 38]);
      expect(new Set(made.asked.map(({ training }) => training))).toEqual(new Set([true]));
      made.learner.dispose();
    });
  });

  it('hears both heads of two branches alike, else one of them would decide for both', () => {
    scope(() => {
      const made = setup({ settings: [{ mixing: 0 }, { mixing: 0.5 }, { mixing: 1 }] });
      carryOut(made);
      expect(new Set(made.asked.map(({ at }) => JSON.stringify(at)))).toEqual(new Set(['[{"mixing":0.5}]']));
      made.learner.dispose();
    });
  });

  it('takes edges in an order of its own for each seed, and goes on in it after a checkpoint', () => {
    scope(() => {
      const orderAt = (seed: number, stopped?: number) => {
        rng.seed(seed);
        const first = setup();
        carryOut(first, 0, stopped ?? epochs);
        if (stopped === undefined) return first.learner.memo?.save();
        const [random, saved] = [rng.state(), JSON.parse(JSON.stringify(first.learner.memo?.save()))];
        rng.seed(99);
        const second = setup();
        second.learner.memo?.restore(saved);
        rng.restore(random);
        carryOut(second, stopped);
        return second.learner.memo?.save();
      };
      const whole = orderAt(1);
      expect(orderAt(1, 3)).toEqual(whole);
      expect(orderAt(1, 4)).toEqual(whole);
      const others = [2, 3, 4].map((seed) => JSON.stringify(orderAt(seed)));
      expect(new Set([...others, JSON.stringify(whole)]).size).toBeGreaterThan(1);
    });
  });
});
