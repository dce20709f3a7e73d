import { expandAugment, parseAugment } from '../augment/index.js';
import { drawnShares } from '../data/index.js';
import type { Loss } from '../loss/index.js';
import type { Learner, StreamSpec } from './learner.js';

const normalised = (values: readonly number[]): number[] => {
  const all = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / all);
};

/**
 * The class prior that trained logits assume, for post-hoc logit adjustment (Menon et al. 2021): a softmax trained by
 * cross-entropy models p(y | x) under the class shares of its batches, and a loss that corrects for them says what is
 * left. Logits of two branches are mixed with their priors: q_I^m · q_C^(1 − m), m being the mixing that it is tested
 * at. It is not known where the loss is no model of p(y | x), nor where an augmentation gives images other labels.
 * augment: its label
 */
export const assumedPrior =
  ({
    streams,
    loss,
    counts,
    augment,
  }: {
    streams: readonly StreamSpec[];
    loss: Loss;
    counts: readonly number[];
    augment: string;
  }): NonNullable<Learner['assumes']> =>
  ({ mixing = 1 }, knobs) => {
    if (parseAugment(expandAugment(augment, { usual: 'none' })).relabels) return undefined;
    const drawn = streams.filter(({ part }) => part === 'train').map(({ sampling }) => drawnShares(sampling, counts));
    const [first = counts, second = first] = drawn;
    const mixed = first.map((share, c) => share ** mixing * (second[c] ?? share) ** (1 - mixing));
    const shares = normalised(mixed);
    const left = loss.prior === undefined ? shares : loss.prior(shares, { counts, knobs });
    return left && normalised(left);
  };
