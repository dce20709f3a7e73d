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
 * at.
 */
export const assumedPrior =
  ({
    streams,
    loss,
    counts,
  }: {
    streams: readonly StreamSpec[];
    loss: Loss;
    counts: readonly number[];
  }): NonNullable<Learner['assumes']> =>
  ({ mixing = 1 }) => {
    const drawn = streams.filter(({ part }) => part === 'train').map(({ sampling }) => drawnShares(sampling, counts));
    const [first = counts, second = first] = drawn;
    const mixed = first.map((share, c) => share ** mixing * (second[c] ?? share) ** (1 - mixing));
    return normalised(loss.prior?.(normalised(mixed), counts) ?? mixed);
  };
