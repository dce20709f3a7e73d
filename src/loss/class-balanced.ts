import { crossEntropyLoss } from './cross-entropy-loss.js';
import { focal, requireGamma } from './focal.js';
import type { Loss } from './loss.js';
import { classWeights, requireBeta, USUAL_BETA, weighed } from './weighing.js';

const balanced = (base: Loss, { label, beta }: { label: string; beta: number }): Loss => ({
  label,
  corrects: true,
  prior: (drawn, { counts, knobs }) => {
    const weights = classWeights(counts, { beta, label });
    const before = base.prior === undefined ? drawn : base.prior(drawn, { counts, knobs });
    return before?.map((share, c) => share * (weights[c] ?? 1));
  },
  build: (counts, of) => weighed(base.build(counts, of), classWeights(counts, { beta, label })),
});

/**
 * Class-balanced loss (Cui et al. 2019) by softmax: the mean over the batch of w_y · cross-entropy, with w from the
 * effective number of images. It is not divided by the batch's Σ w (as in the authors' code; see `weighed`).
 */
export const classBalanced = (beta: number = USUAL_BETA): Loss => {
  requireBeta('class-balanced', beta);
  return balanced(crossEntropyLoss(), { label: `class-balanced(${beta})`, beta });
};

/**
 * Class-balanced focal loss: the mean over the batch of w_y · focal. The authors' has a sigmoid per class, this one the
 * softmax; γ = 1 is what their code has. p is that of the loss without weights.
 */
export const classBalancedFocal = (beta: number = USUAL_BETA, gamma = 1): Loss => {
  requireBeta('class-balanced-focal', beta);
  requireGamma('class-balanced-focal', gamma);
  return balanced(focal(gamma), { label: `class-balanced-focal(${beta}, ${gamma})`, beta });
};
