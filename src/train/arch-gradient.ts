import type { Criterion } from '../loss/index.js';
import type { SearchNet, TensorBatch } from '../method/index.js';
import type { ParameterStore } from '../nn/index.js';
import {
  add,
  cat,
  clone,
  grad,
  inPlace,
  mul,
  noGrad,
  norm,
  reshape,
  scope,
  sub,
  type Tensor,
} from '../tensor/index.js';

/** What an architecture step looks at. */
export interface ArchStep {
  readonly net: SearchNet;
  readonly train: readonly TensorBatch[];
  readonly valid: readonly TensorBatch[];
  readonly criterion: Criterion;
  readonly t: number;
}

/** The validation loss and its gradient by every alpha, in the order of `net.alphas`. */
export interface ArchGradient {
  readonly loss: Tensor;
  readonly gradients: Tensor[];
}

/** Gradients laid end to end, as the weights are. [store.size] */
export const flatten = (gradients: readonly Tensor[]): Tensor => cat(gradients.map((g) => reshape(g, [-1])));

const alphasOf = (net: SearchNet): Tensor[] => net.alphas.map((a) => a.value);

/** First order: ∇_α L_val(w, α), the weights as they are (paper, eq 9 with ξ = 0). */
export const firstOrder = ({ net, valid, criterion, t }: ArchStep): ArchGradient => {
  const { loss } = net.forward(valid, { criterion, t });
  return { loss, gradients: grad(loss, alphasOf(net), { unused: 'zeros' }) };
};

/** Runs `body` with other weights, and puts the old ones back, to the bit. */
const withWeights = <T>(store: ParameterStore, weights: Tensor, body: () => T): T => {
  const own = noGrad(() => clone(store.flat));
  noGrad(() => inPlace.copy(store.flat, weights));
  try {
    return body();
  } finally {
    noGrad(() => inPlace.copy(store.flat, own));
  }
};

/** Runs `body` and undoes what it did to the running statistics of the batch norms. */
const keepingBuffers = <T>(store: ParameterStore, body: () => T): T => {
  const saved = noGrad(() => [...store.buffers.values()].map((buffer) => [buffer, clone(buffer)] as const));
  try {
    return body();
  } finally {
    noGrad(() => {
      for (const [buffer, old] of saved) inPlace.copy(buffer, old);
    });
  }
};

const R_SCALE = 0.01;

/**
 * Second order: ∇_α L_val(w′, α) where w′ = w − ξ (μ b + ∇_w L_train + λ w) is one step of the weights' optimizer (paper, eq 9; DARTS):
 * ∇_α L_val(w′) − ξ [∇_α L_train(w⁺) − ∇_α L_train(w⁻)] / 2R, w± = w ± R ∇_{w′} L_val, R = 0.01 / ‖∇_{w′} L_val‖.
 * Batch norms stay in training mode throughout; only the pass at w′ leaves their running statistics alone, since DARTS makes it on a copy of the network.
 */
export const secondOrder = (
  { net, train, valid, criterion, t }: ArchStep,
  { lr, momentum, weightDecay, buffer }: { lr: number; momentum: number; weightDecay: number; buffer: Tensor },
): ArchGradient => {
  const { store } = net;
  const alphas = alphasOf(net);
  const trainLoss = () => net.forward(train, { criterion, t }).loss;

  const unrolled = scope(() => {
    const gradient = flatten(grad(trainLoss(), store.leaves, { unused: 'zeros' }));
    return noGrad(() => {
      const direction = add(add(mul(buffer, momentum), gradient), mul(store.flat, weightDecay));
      return sub(store.flat, mul(direction, lr));
    });
  });
  const { loss, byAlpha, byWeights } = withWeights(store, unrolled, () =>
    keepingBuffers(store, () =>
      scope(() => {
        const { loss: value } = net.forward(valid, { criterion, t });
        const gradients = grad(value, [...alphas, ...store.leaves], { unused: 'zeros' });
        return {
          loss: value,
          byAlpha: gradients.slice(0, alphas.length),
          byWeights: flatten(gradients.slice(alphas.length)),
        };
      }),
    ),
  );
  const length = norm(byWeights).item();
  // Weights that the validation loss does not depend on: the second term is 0, and R would be infinite.
  if (length === 0) return { loss, gradients: byAlpha };
  const R = R_SCALE / length;
  const own = noGrad(() => clone(store.flat));
  const trainByAlpha = (step: number): Tensor[] =>
    withWeights(
      store,
      noGrad(() => add(own, mul(byWeights, step))),
      () => scope(() => grad(trainLoss(), alphas, { unused: 'zeros' })),
    );
  const plus = trainByAlpha(R);
  const minus = trainByAlpha(-R);
  const gradients = noGrad(() =>
    byAlpha.map((g, i) => {
      const [p, m] = [plus[i], minus[i]];
      return p === undefined || m === undefined ? g : sub(g, mul(sub(p, m), lr / (2 * R)));
    }),
  );
  return { loss, gradients };
};
