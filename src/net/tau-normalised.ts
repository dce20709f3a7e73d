import type { Knobs } from '../nn/index.js';
import { div, exp, log, mul, norm, scope, sub } from '../tensor/index.js';
import { CLASSIFIER } from './derived.js';
import type { Model } from './model.js';

/** 0, 0.1, … 2: what τ is chosen from. */
export const TAUS: readonly number[] = Array.from({ length: 21 }, (_, i) => i / 10);

/**
 * τ-normalisation (Kang et al. 2020): ŵ_c = w_c / ‖w_c‖^τ without bias, since the weights of classes with many images
 * grow longer. A network that answers at several τ: like test-time mixings, validation images choose. Throws a
 * RangeError unless the classifier is linear.
 */
export const tauNormalised = (net: Model, taus: readonly number[] = TAUS): Model => {
  const own = net.store.parameters.filter(({ component }) => component === CLASSIFIER);
  const [weight, bias] = [2, 1].map((dims) => own.find(({ shape }) => shape.length === dims));
  if (own.length !== 2 || weight === undefined || bias === undefined)
    throw new RangeError(
      'Cannot normalise classifier: it must be linear, a weight per class and feature and a bias, ' +
        `its weights are ${own.map(({ name }) => name).join(', ') || 'none'}; take another method than tau`,
    );
  const settings: readonly Knobs[] = taus.map((tau) => ({ tau }));
  return {
    ...net,
    settings,
    answers: (images, pass, at = settings) => {
      const [answer] = net.answers(images, pass);
      if (answer === undefined) throw new Error('Cannot answer: the network gave no answer');
      const unbiased = sub(answer.logits, bias.value);
      const length = log(norm(weight.value, { dim: 1 }));
      return at.map((knobs) => {
        const { tau } = knobs;
        if (tau === undefined) throw new Error('Cannot answer: a τ-normalised network needs a tau, got none');
        return { at: knobs, logits: scope(() => div(unbiased, exp(mul(length, tau)))) };
      });
    },
  };
};
