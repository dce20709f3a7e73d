import { alone, type Group } from '../group/index.js';
import type { Alpha } from '../net/index.js';
import type { Knobs, ParameterStore, TensorBatch } from '../nn/index.js';
import { add, clone, grad, inPlace, mul, narrow, noGrad, norm, scope, sub, type Tensor } from '../tensor/index.js';
import type { Objective } from './objective.js';
import type { StepProfiler } from './profiler.js';
import { meanGradient } from './shared.js';

/** What an architecture step looks at. */
export interface ArchStep {
  readonly store: ParameterStore;
  readonly objective: Objective;
  /** What alpha minimises on validation batches: the same unless said. */
  readonly archObjective?: Objective | undefined;
  /** The architecture parameters that are to move. */
  readonly alphas: readonly Alpha[];
  readonly train: readonly TensorBatch[];
  readonly valid: readonly TensorBatch[];
  readonly knobs: Knobs;
  readonly profiler?: StepProfiler | undefined;
  /** The processes that each have a share of the batches; this one alone unless said. */
  readonly group?: Group | undefined;
}

/**
 * The validation loss and its gradient by every alpha that is to move, in their order. Of several processes it is
 * that of this one's share: the mean of all is left to who asks.
 */
export interface ArchGradient {
  readonly loss: Tensor;
  readonly gradients: Tensor[];
}

const values = (alphas: readonly Alpha[]): Tensor[] => alphas.map((a) => a.value);

/** The loss on batches; what is computed after it counts as the backward pass. */
const lossOn = (
  batches: readonly TensorBatch[],
  { objective, knobs, profiler }: Pick<ArchStep, 'objective' | 'knobs' | 'profiler'>,
): Tensor => {
  profiler?.enter('alpha: forward');
  const { loss } = objective(batches, { training: true, knobs });
  profiler?.enter('alpha: backward');
  return loss;
};

/**
 * First order: ∇_α L_val(w, α), the weights as they are (paper, eq 9 with ξ = 0). Where no alpha moves, the pass
 * forward still moves the batch norms.
 */
export const firstOrder = ({ valid, alphas, ...rest }: ArchStep): ArchGradient => {
  const step = { ...rest, objective: rest.archObjective ?? rest.objective };
  if (alphas.length === 0) return { loss: noGrad(() => lossOn(valid, step)), gradients: [] };
  const loss = lossOn(valid, step);
  return { loss, gradients: grad(loss, values(alphas), { unused: 'zeros' }) };
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
export const keepingBuffers = <T>(store: ParameterStore, body: () => T): T => {
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
 * Second order: ∇_α L_val(w′, α) where w′ = w − ξ (μ b + ∇_w L_train + λ w) is one step of the weights' optimizer
 * (paper, eq 9; DARTS): ∇_α L_val(w′) − ξ [∇_α L_train(w⁺) − ∇_α L_train(w⁻)] / 2R, w± = w ± R ∇_{w′} L_val, R = 0.01 /
 * ‖∇_{w′} L_val‖. Batch norms stay in training mode throughout; only the pass at w′ leaves their running statistics
 * alone, since DARTS makes it on a copy of the network. Of several processes both gradients by the weights are means
 * over all, so that w′, R and w± are the same on each.
 */
export const secondOrder = (
  { train, valid, alphas: moving, group = alone, ...step }: ArchStep,
  { lr, momentum, weightDecay, buffer }: { lr: number; momentum: number; weightDecay: number; buffer: Tensor },
): ArchGradient => {
  const { store } = step;
  const alphas = values(moving);
  const trainLoss = () => lossOn(train, step);

  const unrolled = scope(() => {
    const gradients = grad(trainLoss(), store.leaves, { unused: 'zeros' });
    const gradient = meanGradient(group, { store, gradients });
    return noGrad(() => {
      const direction = add(add(mul(buffer, momentum), gradient), mul(store.flat, weightDecay));
      for (const name of store.frozen) inPlace.mul(narrow(direction, 0, ...store.range(name)), 0);
      return sub(store.flat, mul(direction, lr));
    });
  });
  const { loss, byAlpha, byWeights } = withWeights(store, unrolled, () =>
    keepingBuffers(store, () =>
      scope(() => {
        const value = lossOn(valid, { ...step, objective: step.archObjective ?? step.objective });
        const gradients = grad(value, [...alphas, ...store.leaves], { unused: 'zeros' });
        return {
          loss: value,
          byAlpha: gradients.slice(0, alphas.length),
          byWeights: meanGradient(group, { store, gradients: gradients.slice(alphas.length) }),
        };
      }),
    ),
  );
  const length = norm(byWeights).item();
  // Weights that the validation loss does not depend on: the second term is 0, and R would be infinite.
  if (length === 0) return { loss, gradients: byAlpha };
  const R = R_SCALE / length;
  const own = noGrad(() => clone(store.flat));
  const trainByAlpha = (distance: number): Tensor[] =>
    withWeights(
      store,
      noGrad(() => add(own, mul(byWeights, distance))),
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
