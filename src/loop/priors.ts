import { UnfitError } from '../learn/index.js';
import { type Confusion, type Evaluation, scores } from '../run/index.js';
import { add, type Tensor, tensor, to } from '../tensor/index.js';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Shares that add up to 1, from shares or counts. */
export const normalised = (values: readonly number[]): number[] => values.map((value) => value / sum(values));

/** A class prior that a network may be used under. */
export interface NamedPrior {
  readonly name: string;
  /** Per class; it adds up to 1. */
  readonly prior: readonly number[];
}

/**
 * Post-hoc logit adjustment (Menon et al. 2021, eq 9): what is added to the logits of a network that assumes the class
 * prior `from`, so that they are those of one that assumes `to`: log to_c − log from_c. A softmax models
 * p(y | x) ∝ p(x | y) π_y, and only π changes. Throws an UnfitError where `from` is not known or has a share of 0, and
 * a RangeError unless `to` has a share > 0 for each class.
 */
export const logShift = ({ from, to }: { from: readonly number[] | undefined; to: readonly number[] }): number[] => {
  if (from === undefined)
    throw new UnfitError(
      'Cannot adjust logits to a prior: it must be known which prior they assume. It is not where cmo or remix ' +
        'changed the labels, after ldam, focal, label-aware-smoothing or dot-regression, or after tau; leave the ' +
        'prior out',
    );
  const positive = (shares: readonly number[]): boolean => shares.every((n) => n > 0 && Number.isFinite(n));
  if (!positive(from))
    throw new UnfitError(
      'Cannot adjust logits to a prior: every class must have training images, got shares of ' +
        `[${from.join(', ')}]; leave the prior out`,
    );
  if (to.length !== from.length || !positive(to))
    throw new RangeError(
      `Cannot adjust logits to a prior: it must have a share > 0 for each of ${from.length} classes, ` +
        `got [${to.join(', ')}]`,
    );
  const [theirs, ours] = [normalised(from), normalised(to)];
  return ours.map((share, c) => Math.log(share) - Math.log(theirs[c] ?? Number.NaN));
};

/** Logits [batch, classes] with something added to those of each class. */
export const shifted = (logits: Tensor, shift: readonly number[]): Tensor => {
  const { dtype, device } = logits;
  return add(logits, to(tensor(shift, { dtype: 'float64' }), { dtype, device }));
};

/**
 * The priors that an evaluation looks at: every class equally often, as often as in training, and the one that was
 * asked for, where it is another. None where a class has no training images, whose prior would be 0.
 */
export const testPriors = (counts: readonly number[], asked: NamedPrior | undefined): NamedPrior[] => {
  if (!counts.every((count) => count >= 1)) return asked === undefined ? [] : [asked];
  const always = [
    { name: 'uniform', prior: normalised(counts.map(() => 1)) },
    { name: 'training', prior: normalised(counts) },
  ];
  return asked === undefined || always.some(({ name }) => name === asked.name) ? always : [...always, asked];
};

/**
 * The accuracy to be expected where classes have these shares: Σ π_c r_c, r_c being the share of the images of class
 * c that are recognised. Classes without test images are left out.
 */
export const expectedAccuracy = (confusion: Confusion, prior: readonly number[]): number => {
  const recalls = scores(confusion).perClassAccuracy;
  const known = recalls.flatMap((recall, c) => (recall === null ? [] : [{ recall, share: prior[c] ?? 0 }]));
  return sum(known.map(({ recall, share }) => recall * share)) / sum(known.map(({ share }) => share));
};

/** The accuracies to be expected under each prior, of logits as they are and adjusted to it. */
export const underPriors = (
  { confusion, adjusted }: { confusion: Confusion; adjusted: readonly Confusion[] },
  { priors, assumed }: { priors: readonly NamedPrior[]; assumed: readonly number[] },
): NonNullable<Evaluation['priors']> => ({
  assumed: normalised(assumed),
  tests: priors.map(({ name, prior }, i) => ({
    name,
    prior,
    unadjusted: expectedAccuracy(confusion, prior),
    adjusted: expectedAccuracy(adjusted[i] ?? confusion, prior),
  })),
});
