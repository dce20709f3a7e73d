import type { Knobs, ParameterStore, TensorBatch } from '../nn/index.js';
import { clipNorm, type VectorOptimizer } from '../optim/index.js';
import { grad, narrow, noGrad, norm, scope } from '../tensor/index.js';
import { namedGradients, requireFiniteGradients, requireFiniteLoss } from './diverged.js';
import type { At } from './learner.js';
import { accuracyOf, type Objective } from './objective.js';
import type { StepProfiler } from './profiler.js';

/** What moves the weights of a network. */
export interface WeightTraining {
  readonly store: ParameterStore;
  readonly optimizer: VectorOptimizer;
  readonly objective: Objective;
  /** Largest Euclidean norm of the gradient of all weights together. */
  readonly gradClip: number;
  readonly profiler?: StepProfiler | undefined;
}

/** The value of a schedule that a learner cannot do without. Throws when the phase has no such schedule. */
export const knob = (knobs: Knobs, name: string): number => {
  const value = knobs[name];
  if (value === undefined) throw new Error(`Cannot run step: its phase must have a schedule ${name}, it has none`);
  return value;
};

/**
 * One update of the weights by the gradient of the objective, clipped, at the rate `weightLr`. Frozen components stay.
 * Norms are by component.
 */
export const weightStep = (
  { store, optimizer, objective, gradClip, profiler }: WeightTraining,
  batches: readonly TensorBatch[],
  at: At,
): { loss: number; accuracy: number; norms: Record<string, number> } =>
  scope(() => {
    const lr = knob(at.knobs, 'weightLr');
    profiler?.enter('weights: forward');
    const outcome = objective(batches, { training: true, knobs: at.knobs });
    const loss = requireFiniteLoss(outcome.loss.item(), 'training', at);
    profiler?.enter('weights: backward');
    const gradients = grad(outcome.loss, store.leaves, { unused: 'zeros' });
    profiler?.enter('weights: clip, update');
    return noGrad(() => {
      const flat = store.gather(gradients);
      const free = store.components.filter((name) => !store.frozen.has(name));
      const norms = Object.fromEntries(free.map((name) => [name, norm(narrow(flat, 0, ...store.range(name))).item()]));
      const total = clipNorm(flat, { max: gradClip });
      requireFiniteGradients(total, namedGradients(store, gradients), at);
      optimizer.step(flat, store.frozen.size === 0 ? { lr } : { lr, ranges: free.map((name) => store.range(name)) });
      return { loss, accuracy: accuracyOf(outcome), norms };
    });
  });
