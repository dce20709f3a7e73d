import type { Pass } from '../nn/index.js';
import {
  add,
  all,
  argmax,
  detach,
  div,
  inPlace,
  isfinite,
  log,
  logSoftmax,
  neg,
  noGrad,
  reshape,
  softmax,
  type Tensor,
  unbind,
  zerosLike,
} from '../tensor/index.js';
import { type OpWeights, opShapes, opsOf, type Relaxation, relaxation, rows } from './relaxation.js';

/** Gumbel noise, −log of exponential numbers, of the shape of `like`: drawn again where it is not finite. */
const gumbelLike = (like: Tensor): Tensor =>
  noGrad(() => {
    for (;;) {
      const draws = zerosLike(like);
      inPlace.exponential(draws);
      const noise = neg(log(draws));
      if (all(isfinite(noise)).item() === 1) return noise;
    }
  });

/** softmax((log softmax(alpha) + g) / τ), g Gumbel noise, τ the knob `temperature`, 1 unless said. */
const gumbelSoftmax = (alpha: Tensor, { knobs }: Pass): Tensor =>
  softmax(div(add(logSoftmax(alpha), gumbelLike(alpha)), knobs['temperature'] ?? 1));

/**
 * SNAS (Xie et al. 2019): every operation runs, weighted by a draw of the concrete distribution. Untrained passes, and
 * the cells, have the weights that it has in the mean, softmax(alpha).
 */
export const gumbelRelaxation: Relaxation = relaxation('gumbel', gumbelSoftmax, {
  samples: true,
  knobs: ['temperature'],
  expected: (alpha) => softmax(alpha),
});

/** Row by row only the operation `chosen` counts, with weight `weight(row)`. */
const oneOfEach = (chosen: readonly number[], weight: (edge: number) => Tensor | 1): OpWeights => ({
  at: (edge, op) => (chosen[edge] === op ? weight(edge) : 0),
});

/**
 * GDAS (Dong & Yang 2019): of each edge only the operation that was drawn runs. Its weight is 1, and has the gradient
 * of its entry of the Gumbel softmax (straight through): 1 − sg(y) + y. Untrained passes run the likeliest operation.
 * One draw serves all cells of a kind in a pass, as in the authors' code.
 */
export const sampledRelaxation: Relaxation = {
  label: 'sampled',
  samples: true,
  knobs: ['temperature'],
  shapes: opShapes,
  weights: (alpha, { pass }) => {
    const ops = opsOf(alpha);
    if (!pass.training) return oneOfEach(argmax(ops, { dim: 1 }).toArray(), () => 1);
    const soft = gumbelSoftmax(ops, pass);
    const chosen = argmax(soft, { dim: 1 }).toArray();
    const [, columns = 1] = ops.shape;
    const all = unbind(reshape(add(add(neg(detach(soft)), 1), soft), [-1]));
    return oneOfEach(chosen, (edge) => all[edge * columns + (chosen[edge] ?? 0)] ?? 1);
  },
  strengths: (alpha) => ({ ops: noGrad(() => rows(softmax(opsOf(alpha)))) }),
};
