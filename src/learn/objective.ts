import type { Criterion } from '../loss/index.js';
import type { Model } from '../net/index.js';
import type { Pass, Target, TensorBatch } from '../nn/index.js';
import { add, argmax, eq, mean, mul, type Tensor, to } from '../tensor/index.js';

/** What a pass with labels comes to. */
export interface Outcome {
  /** A scalar. */
  readonly loss: Tensor;
  /** [batch, classes] */
  readonly logits: Tensor;
  /** What the logits were to say: the training accuracy is weighted as the loss is. */
  readonly targets: readonly Target[];
}

/** From one batch of each stream to a loss: what training minimises. Throws when a batch is missing. */
export type Objective = (batches: readonly TensorBatch[], pass: Pass) => Outcome;

/** The loss of a network's one answer to one batch. */
export const plainObjective =
  (model: Pick<Model, 'answers'>, criterion: Criterion): Objective =>
  ([batch], pass) => {
    if (batch === undefined) throw new Error('Cannot run step: it needs one batch, got none');
    const [answer] = model.answers(batch.images, pass);
    if (answer === undefined) throw new Error('Cannot run step: the network gave no answer');
    const { logits } = answer;
    return { loss: criterion(logits, batch.targets, pass), logits, targets: batch.targets };
  };

/** Two heads on a shared backbone, and how their logits are mixed. */
export interface Branches {
  branches(instance: Tensor, klass: Tensor, pass: Pass): readonly [Tensor, Tensor];
  mix(heads: readonly [Tensor, Tensor], mixing: number): Tensor;
}

const scaled = (targets: readonly Target[], factor: number): Target[] =>
  targets.map(({ labels, share }) => ({
    labels,
    share: typeof share === 'number' ? share * factor : mul(share, factor),
  }));

/**
 * Two batches, one of each branch: mixed logits z = m z_I + (1 − m) z_C, and the loss mixed alike, m L(z, y_I) + (1 −
 * m) L(z, y_C) (paper, eq 10). m is the knob `mixing`.
 */
export const bilateralObjective =
  (net: Branches, criterion: Criterion): Objective =>
  ([instance, klass], pass) => {
    const m = pass.knobs['mixing'];
    if (instance === undefined || klass === undefined || m === undefined)
      throw new Error('Cannot run step: a bilateral network needs an instance batch, a class batch and a mixing');
    const logits = net.mix(net.branches(instance.images, klass.images, pass), m);
    return {
      loss: add(mul(criterion(logits, instance.targets, pass), m), mul(criterion(logits, klass.targets, pass), 1 - m)),
      logits,
      targets: [...scaled(instance.targets, m), ...scaled(klass.targets, 1 - m)],
    };
  };

/** The share of images that the logits are right about, each target weighted by its share. Call it under noGrad. */
export const accuracyOf = ({ logits, targets }: Outcome): number => {
  const predicted = argmax(logits, { dim: 1 });
  return targets.reduce((sum, { labels, share }) => {
    const hits = to(eq(predicted, labels), { dtype: 'float64' });
    return sum + (typeof share === 'number' ? share * mean(hits).item() : mean(mul(hits, share)).item());
  }, 0);
};
