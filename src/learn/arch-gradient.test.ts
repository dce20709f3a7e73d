import { describe, expect, it } from 'vitest';
import { ParameterStore, type TensorBatch } from '../nn/index.js';
import {
  add,
  cat,
  inPlace,
  liveTensors,
  matmul,
  mul,
  noGrad,
  reshape,
  scope,
  sum,
  type Tensor,
  tensor,
} from '../tensor/index.js';
import { firstOrder, secondOrder } from './arch-gradient.js';
import type { Objective } from './objective.js';

type Matrix = readonly (readonly number[])[];
const times = (m: Matrix, v: readonly number[]): number[] =>
  m.map((row) => row.reduce((total, x, i) => total + x * (v[i] ?? 0), 0));
const transposed = (m: Matrix): number[][] => (m[0] ?? []).map((_, j) => m.map((row) => row[j] ?? 0));
const plus = (...vectors: readonly (readonly number[])[]): number[] =>
  (vectors[0] ?? []).map((_, i) => vectors.reduce((total, v) => total + (v[i] ?? 0), 0));
const scaled = (v: readonly number[], factor: number): number[] => v.map((x) => x * factor);

// L_train(w, a) = ½ wᵀAw + wᵀBa,  L_val(w, a) = ½ wᵀEw + wᵀFa + ½ aᵀa, of three weights and two architecture
// parameters.
const A = [
  [2, 0.5, 0],
  [0.5, 1, -0.25],
  [0, -0.25, 3],
];
const B = [
  [1, -2],
  [0.5, 0.75],
  [-1, 4],
];
const E = [
  [1, 0.25, 0.5],
  [0.25, 2, 0],
  [0.5, 0, 1.5],
];
const F = [
  [0.5, 1],
  [-1, 2],
  [3, 0.25],
];
const w = [0.7, -1.3, 0.4];
const a = [0.9, -0.6];
const buffer = [0.3, 0.2, -0.5];

const f64 = (data: number[] | Matrix): Tensor => tensor(data, { dtype: 'float64' });
const batch = (): TensorBatch => ({
  images: tensor([0]),
  targets: [{ labels: tensor([0], { dtype: 'int64' }), share: 1 }],
});

const toy = () => {
  const store = new ParameterStore({ dtype: 'float64' });
  const place = store.component('backbone');
  // In two pieces, so that gradients must be laid end to end in the weights' order.
  const [first, second] = [
    place.weight('first', [2], { constant: 0 }),
    place.weight('second', [1, 1], { constant: 0 }),
  ];
  store.allocate();
  const statistics = place.buffer('statistics', [1], 0);
  noGrad(() => inPlace.copy(store.flat, f64(w)));
  const alpha = f64(a).requireGrad();
  const [train, valid] = [batch(), batch()];
  const quadratic = (x: Tensor, square: Matrix, mixed: Matrix): Tensor =>
    add(mul(sum(mul(matmul(x, f64(square)), x)), 0.5), sum(mul(matmul(x, f64(mixed)), reshape(alpha, [1, 2]))));
  const objective: Objective = ([given]) => {
    noGrad(() => inPlace.add(statistics, f64([1])));
    const x = reshape(cat([first.value, reshape(second.value, [1])]), [1, 3]);
    const loss = given === train ? quadratic(x, A, B) : add(quadratic(x, E, F), mul(sum(mul(alpha, alpha)), 0.5));
    return { loss, logits: x, targets: [] };
  };
  const alphas = [{ component: 'backbone', kind: 'normal', part: 'ops', value: alpha }] as const;
  return { step: { store, objective, alphas, train: [train], valid: [valid], knobs: {} }, store, statistics };
};

const close = (ours: Tensor | undefined, theirs: readonly number[]): void => {
  const values = ours?.toArray() ?? [];
  expect(values).toHaveLength(theirs.length);
  for (const [i, v] of theirs.entries()) expect(Math.abs((values[i] ?? 0) - v) / Math.abs(v)).toBeLessThan(1e-9);
};

describe('the architecture gradient of a quadratic', () => {
  it('of first order is ∂L_val/∂a = Fᵀw + a', () => {
    scope(() => close(firstOrder(toy().step).gradients[0], plus(times(transposed(F), w), a)));
  });

  it('is none where no alpha moves, but the pass forward is made: it moves the running statistics', () => {
    scope(() => {
      const { step, statistics } = toy();
      const { loss, gradients } = firstOrder({ ...step, alphas: [] });
      expect([gradients.length, loss.requiresGrad, statistics.item()]).toEqual([0, false, 1]);
    });
  });

  it.each([
    { lr: 0.1, momentum: 0, weightDecay: 0 },
    { lr: 0.1, momentum: 0.9, weightDecay: 0 },
    { lr: 0.025, momentum: 0.9, weightDecay: 0.3 },
    { lr: 2, momentum: 0.5, weightDecay: 0.01 },
  ])(
    'of second order is Fᵀw′ + a − ξ Bᵀ(Ew′ + Fa), w′ one step of the weights: %o',
    ({ lr, momentum, weightDecay }) => {
      scope(() => {
        const { step } = toy();
        const { gradients, loss } = secondOrder(step, { lr, momentum, weightDecay, buffer: f64(buffer) });
        const direction = plus(scaled(buffer, momentum), times(A, w), times(B, a), scaled(w, weightDecay));
        const moved = plus(w, scaled(direction, -lr));
        const slope = plus(times(E, moved), times(F, a));
        close(gradients[0], plus(times(transposed(F), moved), a, scaled(times(transposed(B), slope), -lr)));
        const dot = (x: readonly number[], y: readonly number[]) => x.reduce((s, v, i) => s + v * (y[i] ?? 0), 0);
        close(loss, [0.5 * dot(moved, times(E, moved)) + dot(moved, times(F, a)) + 0.5 * dot(a, a)]);
      });
    },
  );

  it('follows a loss of its own on validation batches, the weights theirs on training batches', () => {
    scope(() => {
      const { step } = toy();
      const archObjective: Objective = (batches, pass) => {
        const { loss, ...rest } = step.objective(batches, pass);
        return { ...rest, loss: mul(loss, 2) };
      };
      const rule = { lr: 0.025, momentum: 0.9, weightDecay: 0.3, buffer: f64(buffer) };
      const twice = (found: readonly Tensor[]): number[] => scaled(found[0]?.toArray() ?? [], 2);
      close(firstOrder({ ...step, archObjective }).gradients[0], twice(firstOrder(step).gradients));
      // w′ is the same, so the gradient is twice what it was: of the training loss it would be more.
      close(secondOrder({ ...step, archObjective }, rule).gradients[0], twice(secondOrder(step, rule).gradients));
    });
  });

  it('leaves the weights to the bit, and counts three of the four passes in the running statistics', () => {
    scope(() => {
      const { step, store, statistics } = toy();
      const momentum = f64(buffer);
      const before = store.flat.toArray();
      const live = liveTensors();
      scope(() => {
        secondOrder(step, { lr: 0.1, momentum: 0.9, weightDecay: 0.1, buffer: momentum });
      });
      expect(store.flat.toArray()).toEqual(before);
      expect(statistics.item()).toBe(3);
      expect(liveTensors()).toBe(live);
    });
  });
});
