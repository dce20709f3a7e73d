import type { ParameterStore } from '../nn/index.js';
import { all, isfinite, noGrad, scope, type Tensor } from '../tensor/index.js';

const ADVICE = 'Lower the learning rate or clip gradients at a smaller norm, and start again';

/** A loss, a gradient or a weight stopped being a number: training cannot continue from here. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';

  /** `problem`: what is not finite, and where. `advice`: what the user can do, in the words of their command. */
  constructor(
    readonly problem: string,
    advice: string = ADVICE,
  ) {
    super(`Training diverged: ${problem}. ${advice}`);
  }
}

const finite = (x: Tensor): boolean => scope(() => noGrad(() => all(isfinite(x)).item() === 1));

/** Where a step is, for messages: `epoch 3, step 12`. */
export interface Where {
  readonly epoch: number;
  readonly step?: number;
  /** What the loss of the step is, where it is not the loss that is in question. */
  readonly loss?: number;
}

const diverged = (what: string, { epoch, step, loss }: Where): DivergedError =>
  new DivergedError(
    `${what} is not finite at epoch ${epoch}` +
      (step === undefined ? '' : `, step ${step}`) +
      (loss === undefined ? '' : ` (the loss is ${loss})`),
  );

/** Throws a DivergedError unless the loss is a finite number. */
export const requireFiniteLoss = (loss: number, name: string, where: Where): number => {
  if (!Number.isFinite(loss)) throw diverged(`the ${name} loss (${loss})`, where);
  return loss;
};

/** Throws a DivergedError when a gradient's norm is not finite, naming the first tensor it appeared in. */
export const requireFiniteGradients = (
  norm: number,
  gradients: readonly { readonly name: string; readonly gradient: Tensor }[],
  where: Where,
): void => {
  if (Number.isFinite(norm)) return;
  const first = gradients.find(({ gradient }) => !finite(gradient));
  throw diverged(`the gradient of ${first?.name ?? 'the weights (their norm)'}`, where);
};

/**
 * Throws a DivergedError that names the first weight or running statistic which is not finite: what is saved must be
 * good to continue from.
 */
export const requireFiniteWeights = (store: ParameterStore, where: Where): void => {
  const bad =
    (finite(store.flat) ? undefined : store.parameters.find(({ value }) => !finite(value))?.name) ??
    [...store.buffers].find(([, buffer]) => !finite(buffer))?.[0];
  if (bad !== undefined) throw diverged(bad, where);
};

/** Names for the gradients of a store's leaves, in order. */
export const namedGradients = (store: ParameterStore, gradients: readonly Tensor[]) =>
  store.trainable.flatMap((p, i) => {
    const gradient = gradients[i];
    return gradient === undefined ? [] : [{ name: p.name, gradient }];
  });
