import { alone, type Group } from '../group/index.js';
import type { Knobs, ParameterStore, TensorBatch } from '../nn/index.js';
import { clipNorm, type VectorOptimizer } from '../optim/index.js';
import { grad, narrow, noGrad, norm, scope, type Tensor } from '../tensor/index.js';
import { namedGradients, requireFiniteGradients, requireFiniteLoss } from './diverged.js';
import type { At } from './learner.js';
import { accuracyOf, type Objective } from './objective.js';
import type { StepProfiler } from './profiler.js';
import { randomOf } from './random.js';
import { atSharpest } from './sam.js';
import { meanGradient, meanStep } from './shared.js';

/** What moves the weights of a network. */
export interface WeightTraining {
  readonly store: ParameterStore;
  readonly optimizer: VectorOptimizer;
  readonly objective: Objective;
  /** Largest Euclidean norm of the gradient of all weights together. */
  readonly gradClip: number;
  /** Radius of sharpness-aware minimisation: the gradient is then that of `atSharpest`. None unless > 0. */
  readonly sam?: number | undefined;
  /** Further leaves, of any shape, of which the gradient of the same loss is wanted; not with `sam`. */
  readonly extra?: readonly Tensor[] | undefined;
  readonly profiler?: StepProfiler | undefined;
  /** The processes that each have a share of the batches; this one alone unless said. */
  readonly group?: Group | undefined;
}

/** The value of a schedule that a learner cannot do without. Throws when the phase has no such schedule. */
export const knob = (knobs: Knobs, name: string): number => {
  const value = knobs[name];
  if (value === undefined) throw new Error(`Cannot run step: its phase must have a schedule ${name}, it has none`);
  return value;
};

/**
 * One update of the weights by the clipped gradient of the objective. The rate is `weightLr`, or `weightLr.<component>`
 * for a component whose phase has that. Frozen components do not change. Loss and accuracy are those of the weights
 * before. Norms are those of the gradient used, by component. Of several processes, gradients, loss and accuracy
 * are means over all, and so are the running statistics that their passes have left.
 */
export const weightStep = (
  { store, optimizer, objective, gradClip, sam = 0, extra = [], profiler, group = alone }: WeightTraining,
  batches: readonly TensorBatch[],
  at: At,
): { loss: number; accuracy: number; norms: Record<string, number>; extra: readonly Tensor[] } =>
  scope(() => {
    const lr = knob(at.knobs, 'weightLr');
    const pass = { training: true, knobs: at.knobs };
    const random = sam > 0 ? randomOf(store) : undefined;
    profiler?.enter('weights: forward');
    const outcome = objective(batches, pass);
    const own = outcome.loss.item();
    // Of several processes all must learn of it: they do below.
    if (group.size === 1) requireFiniteLoss(own, 'training', at);
    profiler?.enter('weights: backward');
    const { leaves } = store;
    const both = grad(outcome.loss, [...leaves, ...extra], { unused: 'zeros' });
    let gradients = both.slice(0, leaves.length);
    if (random !== undefined) {
      const gradient = meanGradient(group, { store, gradients });
      requireFiniteGradients(norm(gradient).item(), namedGradients(store, gradients), { ...at, loss: own });
      profiler?.enter('weights: second gradient');
      random.restore(); // of the same function: the paths that were dropped are dropped again
      const again = (): Tensor[] => grad(objective(batches, pass).loss, store.leaves, { unused: 'zeros' });
      gradients = atSharpest(store, { gradient, rho: sam, again });
    }
    profiler?.enter('weights: clip, update');
    return noGrad(() => {
      const found = { store, gradients, extra: both.slice(leaves.length), numbers: [own, accuracyOf(outcome)] };
      const { flat, extra: others, numbers } = meanStep(group, found);
      const [loss = own, accuracy = 0] = numbers;
      requireFiniteLoss(loss, 'training', at);
      const free = store.components.filter((name) => !store.frozen.has(name));
      const norms = Object.fromEntries(free.map((name) => [name, norm(narrow(flat, 0, ...store.range(name))).item()]));
      const total = clipNorm(flat, { max: gradClip });
      requireFiniteGradients(total, namedGradients(store, gradients), { ...at, loss });
      const rate = (name: string): number => at.knobs[`weightLr.${name}`] ?? lr;
      const ranges = free.map((name) => store.range(name));
      if (free.some((name) => rate(name) !== lr))
        for (const name of free) optimizer.step(flat, { lr: rate(name), ranges: [store.range(name)] });
      else optimizer.step(flat, store.frozen.size === 0 ? { lr } : { lr, ranges });
      return { loss, accuracy, norms, extra: others };
    });
  });
