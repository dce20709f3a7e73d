import type { Pass, Target } from '../nn/index.js';
import { add, mean, mul, type Tensor } from '../tensor/index.js';

/** From logits [batch, classes] and targets to a scalar: the mean over the batch of Σ share · loss. */
export type Criterion = (logits: Tensor, targets: readonly Target[], pass: Pass) => Tensor;

/** A loss that may depend on how many training images each class has. */
export interface Loss {
  /** As it is spelled: `cross-entropy`. */
  readonly label: string;
  build(counts: readonly number[]): Criterion;
  /**
   * The class prior that logits trained by it assume, up to a factor, where classes have the shares `drawn` in its
   * batches; `drawn` itself unless said, as for cross-entropy. Weights w_c make it drawn_c · w_c, logits to which
   * log a_c is added in training drawn_c / a_c.
   */
  prior?(drawn: readonly number[], counts: readonly number[]): readonly number[];
}

/** The loss of logits against one label per image: its mean over the batch, or one value per image, [batch]. */
type PerLabel = (logits: Tensor, labels: Tensor, options: { reduction: 'mean' | 'none'; pass: Pass }) => Tensor;

/** Makes a criterion of what is computed per label. One target of share 1 is that and nothing else. */
export const overTargets =
  (loss: PerLabel): Criterion =>
  (logits, targets, pass) => {
    const part = ({ labels, share }: Target): Tensor => {
      if (typeof share !== 'number') return mean(mul(loss(logits, labels, { reduction: 'none', pass }), share));
      const whole = loss(logits, labels, { reduction: 'mean', pass });
      return share === 1 && targets.length === 1 ? whole : mul(whole, share);
    };
    const [first, ...rest] = targets.map(part);
    if (first === undefined) throw new RangeError('Cannot compute loss: a batch must have at least 1 target, got none');
    return rest.reduce((sum, next) => add(sum, next), first);
  };

/** For losses that divide by counts or take their logarithm: throws a RangeError unless every class has images. */
export const requireImages = (counts: readonly number[], label: string): readonly number[] => {
  const empty = counts.findIndex((count) => !(count > 0));
  if (empty >= 0)
    throw new RangeError(
      `Cannot build ${label}: every class must have training images, class ${empty} has ${counts[empty]}; ` +
        'add images or use cross-entropy',
    );
  return counts;
};
