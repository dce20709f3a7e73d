import type { ParameterStore } from '../nn/index.js';
import { all, isfinite, noGrad, scope, type Tensor } from '../tensor/index.js';

/** A loss or a gradient stopped being a number: training cannot continue from here. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

const finite = (x: Tensor): boolean => scope(() => noGrad(() => all(isfinite(x)).item() === 1));

/** Where a step is, for messages: `epoch 3, step 12`. */
export interface Where {
  readonly epoch: number;
  readonly step: number;
}

const diverged = (what: string, { epoch, step }: Where): DivergedError =>
  new DivergedError(
    `Training diverged: ${what} is not finite at epoch ${epoch}, step ${step}. ` +
      'Lower the learning rates (or look for broken images), and resume from the last checkpoint or start again',
  );

/** Throws unless the loss is a finite number. */
export const requireFiniteLoss = (loss: number, name: string, where: Where): number => {
  if (!Number.isFinite(loss)) throw diverged(`the ${name} loss (${loss})`, where);
  return loss;
};

/** Throws when a gradient's norm is not finite, naming the first tensor it appeared in. */
export const requireFiniteGradients = (
  norm: number,
  gradients: readonly { readonly name: string; readonly gradient: Tensor }[],
  where: Where,
): void => {
  if (Number.isFinite(norm)) return;
  const first = gradients.find(({ gradient }) => !finite(gradient));
  throw diverged(`the gradient of ${first?.name ?? 'the weights (their norm)'}`, where);
};

/** Names for the gradients of a store's leaves, in order. */
export const namedGradients = (store: ParameterStore, gradients: readonly Tensor[]) =>
  store.trainable.flatMap((p, i) => {
    const gradient = gradients[i];
    return gradient === undefined ? [] : [{ name: p.name, gradient }];
  });
