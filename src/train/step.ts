import type { Criterion } from '../loss/index.js';
import type { SearchNet, TensorBatch } from '../method/index.js';
import { type archOptimizer, clipNorm, type sgd } from '../optim/index.js';
import { argmax, eq, grad, mean, narrow, noGrad, norm, scope, type Tensor, to } from '../tensor/index.js';
import { firstOrder, flatten, secondOrder } from './arch-gradient.js';
import { namedGradients, requireFiniteGradients, requireFiniteLoss, type Where } from './diverged.js';
import type { StepProfiler } from './profiler.js';
import type { Settings } from './settings.js';

/** What a step moves. */
export interface Trainee {
  readonly net: SearchNet;
  readonly weights: ReturnType<typeof sgd>;
  readonly arch: ReturnType<typeof archOptimizer>;
  readonly criterion: Criterion;
  readonly settings: Settings;
  /** Is told what a step is at, when it is being timed. */
  readonly profiler?: StepProfiler | undefined;
}

/** What a step tells. Norms are Euclidean, before clipping, by component; what is frozen has none, nor has alpha at rate 0. */
export interface StepReport {
  readonly loss: number;
  readonly accuracy: number;
  readonly gradNorm: { readonly weights: Record<string, number>; readonly alpha: Record<string, number> };
}

const lengthOf = (x: Tensor): number => norm(x).item();

/** The batches of a step and where in training it is. */
export interface StepInput {
  /** One batch for each of the method's streams. */
  readonly train: readonly TensorBatch[];
  readonly valid: readonly TensorBatch[];
  /** Progress within the phase, in [0, 1): what the schedules of alpha's rates go by. */
  readonly t: number;
  /** m, for methods that mix. */
  readonly mixing: number | null;
  /** The weights' learning rate. */
  readonly lr: number;
  readonly where: Where;
}

const archStep = (
  { net, weights, arch, criterion, settings, profiler }: Trainee,
  { train, valid, t, mixing, lr, where }: StepInput,
): Record<string, number> =>
  scope(() => {
    // What is frozen or has rate 0 would not move: its gradient is not computed.
    const rates = arch.rates(t);
    const alphas = net.alphas.filter(({ component }) => !net.store.frozen.has(component) && rates[component] !== 0);
    const step = { net, alphas, train, valid, criterion, mixing, profiler };
    const { loss, gradients } =
      settings.order === 1 || alphas.length === 0
        ? firstOrder(step)
        : secondOrder(step, { ...settings, lr, buffer: weights.state.momentum });
    profiler?.enter('alpha: update');
    requireFiniteLoss(loss.item(), 'validation', where);
    return noGrad(() => {
      const byAlpha = new Map(alphas.map((alpha, i) => [alpha, gradients[i]]));
      const squares: Record<string, number> = {};
      const named: { name: string; gradient: Tensor }[] = [];
      for (const [{ component, kind }, gradient] of byAlpha) {
        if (gradient === undefined) continue;
        squares[component] = (squares[component] ?? 0) + lengthOf(gradient) ** 2;
        named.push({ name: `alpha of ${component}, ${kind}`, gradient });
      }
      requireFiniteGradients(
        Object.values(squares).reduce((a, b) => a + b, 0),
        named,
        where,
      );
      arch.step(
        net.alphas.map((alpha) => byAlpha.get(alpha)),
        { t },
      );
      return Object.fromEntries(Object.entries(squares).map(([name, square]) => [name, Math.sqrt(square)]));
    });
  });

const weightStep = (
  { net, weights, criterion, settings, profiler }: Trainee,
  { train, mixing, lr, where }: StepInput,
): { loss: number; accuracy: number; norms: Record<string, number> } =>
  scope(() => {
    const { store } = net;
    profiler?.enter('weights: forward');
    const outcome = net.forward(train, { criterion, mixing });
    const loss = requireFiniteLoss(outcome.loss.item(), 'training', where);
    profiler?.enter('weights: backward');
    const gradients = grad(outcome.loss, store.leaves, { unused: 'zeros' });
    profiler?.enter('weights: clip, update');
    return noGrad(() => {
      const flat = flatten(store, gradients);
      const free = store.components.filter((name) => !store.frozen.has(name));
      const norms = Object.fromEntries(free.map((name) => [name, lengthOf(narrow(flat, 0, ...store.range(name)))]));
      const total = clipNorm(flat, { max: settings.gradClip });
      requireFiniteGradients(total, namedGradients(store, gradients), where);
      weights.step(flat, store.frozen.size === 0 ? { lr } : { lr, ranges: free.map((name) => store.range(name)) });
      const predicted = argmax(outcome.logits, { dim: 1 });
      const hitRate = (labels: Tensor): number => mean(to(eq(predicted, labels), { dtype: 'float64' })).item();
      const accuracy = outcome.targets.reduce((sum, { labels, share }) => sum + share * hitRate(labels), 0);
      return { loss, accuracy, norms };
    });
  });

/**
 * One search step (DARTS): alpha moves by its gradient on a validation batch, then the weights by theirs on a training batch.
 * Throws a DivergedError when a loss or a gradient is not finite; what it names has not been applied.
 */
export const searchStep = (trainee: Trainee, input: StepInput): StepReport => {
  const alpha = archStep(trainee, input);
  const { loss, accuracy, norms } = weightStep(trainee, input);
  return { loss, accuracy, gradNorm: { weights: norms, alpha } };
};
