import { add, maxPool2d, mul, narrow, permute, reshape, stack, type Tensor } from '../tensor/index.js';
import type { EdgePlan } from './plan.js';
import type { OpWeights } from './relaxation.js';

// PC-DARTS (Xu et al. 2020): operations work on the first 1/K of a state's channels, the others pass by; then channels
// are shuffled, so that the next operation meets others. The authors shuffle each edge; a shuffle of a sum is the sum
// of shuffles, so that a node does it once.

/** The channels that operations work on. x: [batch, channels, h, w] → [batch, channels / K, h, w] */
export const worked = (x: Tensor, partial: number): Tensor =>
  partial === 1 ? x : narrow(x, 1, 0, (x.shape[1] ?? 0) / partial);

/**
 * The channels that pass by, with stride 2 by their largest of 2×2 pixels. [batch, channels · (1 − 1/K), h / stride, …]
 */
export const passing = (x: Tensor, { partial, stride }: { partial: number; stride: number }): Tensor => {
  const [, channels = 0] = x.shape;
  const rest = narrow(x, 1, channels / partial, channels - channels / partial);
  return stride === 1 ? rest : maxPool2d(rest, { kernel: 2, stride: 2, ceil: true });
};

/** What passes by into a node: the sum over its edges, each by the edge's own weight; undefined where there is none. */
export const sumPassing = (
  edges: readonly EdgePlan[],
  { weights, states }: { weights: OpWeights; states: readonly { readonly rest: Tensor | undefined }[] },
): Tensor | undefined =>
  edges.reduce<Tensor | undefined>((sum, { from, row }) => {
    const rest = states[from]?.rest;
    if (rest === undefined) return sum;
    const x = weights.edge === undefined ? rest : mul(rest, weights.edge(row));
    return sum === undefined ? x : add(sum, x);
  }, undefined);

const inner = (x: Tensor): Tensor => permute(x, [0, 2, 3, 1]);

/**
 * Both parts in one tensor, shuffled in K groups: channel j of part k becomes channel j · K + k. Channels lie
 * innermost, so that one copy does it.
 */
export const rejoin = (done: Tensor, rest: Tensor, partial: number): Tensor => {
  const [batch = 0, size = 0, h = 0, w = 0] = done.shape;
  const parts = [done, ...Array.from({ length: partial - 1 }, (_, k) => narrow(rest, 1, k * size, size))];
  return permute(reshape(stack(parts.map(inner), { dim: -1 }), [batch, h, w, size * partial]), [0, 3, 1, 2]);
};
