import type { Cosines, Knobs, Pass, Target } from '../nn/index.js';
import { add, mean, mul, type Tensor } from '../tensor/index.js';

/**
 * From logits [batch, classes] and targets to a scalar: the mean over the batch of Σ share · loss. It is linear in the
 * shares, so that whoever scales these weighs images.
 */
export type Criterion = (logits: Tensor, targets: readonly Target[], pass: Pass) => Tensor;

/** What a loss may know of the network whose logits it is given. */
export interface LogitsOf {
  /** The logits are cosines; absent where they are not. */
  readonly cosines?: Cosines | undefined;
}

/** A loss that may depend on how many training images each class has. */
export interface Loss {
  /** As it is spelled: `cross-entropy`. */
  readonly label: string;
  /**
   * The class prior that logits trained by it assume, up to a factor, where classes have the shares `drawn` in its
   * batches; `drawn` itself unless said, as for cross-entropy. Weights w_c make it drawn_c · w_c, logits to which
   * log a_c is added in training drawn_c / a_c. counts: of training images; knobs: the last that it was trained with.
   * Undefined where it is not known.
   */
  prior?(drawn: readonly number[], of: { counts: readonly number[]; knobs: Knobs }): readonly number[] | undefined;
  /** It makes rare classes count more, where `prior` does not say so. */
  readonly corrects?: true;
  /** What logits must be for it: cosines, or cosines with directions that are not trained. Any unless said. */
  readonly needs?: 'cosines' | 'fixed cosines' | undefined;
  /** counts: of training images per class. `of` is the network. Throws a RangeError where the loss cannot be. */
  build(counts: readonly number[], of?: LogitsOf): Criterion;
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

/** Makes a criterion of one value per image, [batch]. */
export const perImage = (loss: (logits: Tensor, labels: Tensor) => Tensor): Criterion =>
  overTargets((logits, labels, { reduction }) => {
    const values = loss(logits, labels);
    return reduction === 'none' ? values : mean(values);
  });

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

/** Throws a RangeError that says the rule unless the logits are what the loss needs. Returns their cosines, if any. */
export const requireLogits = (
  { label, needs }: Pick<Loss, 'label' | 'needs'>,
  { cosines }: LogitsOf,
): Cosines | undefined => {
  if (needs === 'cosines' && cosines === undefined)
    throw new RangeError(
      `Cannot use loss ${label}: logits must be cosines of features and class weights, this network's are not; ` +
        'use --classifier cosine',
    );
  if (needs === 'fixed cosines' && !cosines?.fixed)
    throw new RangeError(
      `Cannot use loss ${label}: logits must be cosines with class directions that are not trained, else all ` +
        "directions become one, this network's are not; use --classifier etf",
    );
  return cosines;
};

/** Throws a RangeError that names the first of a loss's parameters for which the rule does not hold. */
export const requireParameters = (
  loss: string,
  values: Readonly<Record<string, number>>,
  { rule, holds }: { rule: string; holds: (value: number) => boolean },
): void => {
  const wrong = Object.entries(values).find(([, value]) => !(Number.isFinite(value) && holds(value)));
  if (wrong !== undefined)
    throw new RangeError(`Cannot make loss ${loss}: ${wrong[0]} must be ${rule}, got ${wrong[1]}`);
};
