import type { Criterion } from '../loss/index.js';
import type { SearchNet, TensorBatch } from '../method/index.js';
import { type archOptimizer, clipNorm, type sgd } from '../optim/index.js';
import { argmax, eq, grad, mean, narrow, noGrad, norm, scope, type Tensor, to } from '../tensor/index.js';
import { firstOrder, flatten, secondOrder } from './arch-gradient.js';
import { namedGradients, requireFiniteGradients, requireFiniteLoss, type Where } from './diverged.js';
import type { Settings } from './settings.js';

/** What a step moves. */
export interface Trainee {
  readonly net: SearchNet;
  readonly weights: ReturnType<typeof sgd>;
  readonly arch: ReturnType<typeof archOptimizer>;
  readonly criterion: Criterion;
  readonly settings: Settings;
}

/** What a step tells. Norms are Euclidean, before clipping, by component. */
export interface StepReport {
  readonly loss: number;
  readonly accuracy: number;
  readonly gradNorm: { readonly weights: Record<string, number>; readonly alpha: Record<string, number> };
}

const lengthOf = (x: Tensor): number => norm(x).item();

const archStep = (
  { net, weights, arch, criterion, settings }: Trainee,
  {
    train,
    valid,
    t,
    lr,
    where,
  }: { train: readonly TensorBatch[]; valid: readonly TensorBatch[]; t: number; lr: number; where: Where },
): Record<string, number> =>
  scope(() => {
    const step = { net, train, valid, criterion, t };
    const { loss, gradients } =
      settings.order === 1 ? firstOrder(step) : secondOrder(step, { ...settings, lr, buffer: weights.state.momentum });
    requireFiniteLoss(loss.item(), 'validation', where);
    return noGrad(() => {
      const squares: Record<string, number> = {};
      for (const [i, { component }] of net.alphas.entries()) {
        const gradient = gradients[i];
        if (gradient !== undefined) squares[component] = (squares[component] ?? 0) + lengthOf(gradient) ** 2;
      }
      const named = net.alphas.flatMap(({ component, kind }, i) => {
        const gradient = gradients[i];
        return gradient === undefined ? [] : [{ name: `alpha of ${component}, ${kind}`, gradient }];
      });
      requireFiniteGradients(
        Object.values(squares).reduce((a, b) => a + b, 0),
        named,
        where,
      );
      arch.step(gradients, { t });
      return Object.fromEntries(Object.entries(squares).map(([name, square]) => [name, Math.sqrt(square)]));
    });
  });

const weightStep = (
  { net, weights, criterion, settings }: Trainee,
  { train, t, lr, where }: { train: readonly TensorBatch[]; t: number; lr: number; where: Where },
): { loss: number; accuracy: number; norms: Record<string, number> } =>
  scope(() => {
    const { store } = net;
    const outcome = net.forward(train, { criterion, t });
    const loss = requireFiniteLoss(outcome.loss.item(), 'training', where);
    const gradients = grad(outcome.loss, store.leaves, { unused: 'zeros' });
    return noGrad(() => {
      const flat = flatten(gradients);
      const norms = Object.fromEntries(
        store.components.map((name) => [name, lengthOf(narrow(flat, 0, ...store.range(name)))]),
      );
      const total = clipNorm(flat, { max: settings.gradClip });
      requireFiniteGradients(total, namedGradients(store, gradients), where);
      weights.step(flat, { lr });
      const predicted = argmax(outcome.logits, { dim: 1 });
      const hitRate = (labels: Tensor): number => mean(to(eq(predicted, labels), { dtype: 'float64' })).item();
      const accuracy = outcome.targets.reduce((sum, { labels, share }) => sum + share * hitRate(labels), 0);
      return { loss, accuracy, norms };
    });
  });

/**
 * One search step (DARTS): alpha moves by its gradient on a validation batch, then the weights by theirs on a training batch.
 * `train` and `valid` hold a batch for each of the method's streams; `t` is progress in [0, 1), `lr` the weights' learning rate.
 * Throws a DivergedError when a loss or a gradient is not finite; what it names has not been applied.
 */
export const searchStep = (
  trainee: Trainee,
  batch: { train: readonly TensorBatch[]; valid: readonly TensorBatch[]; t: number; lr: number; where: Where },
): StepReport => {
  const alpha = archStep(trainee, batch);
  const { loss, accuracy, norms } = weightStep(trainee, batch);
  return { loss, accuracy, gradNorm: { weights: norms, alpha } };
};
