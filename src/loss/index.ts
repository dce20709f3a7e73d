export { balancedSoftmax } from './balanced-softmax.js';
export { classBalanced, classBalancedFocal } from './class-balanced.js';
export { crossEntropyLoss } from './cross-entropy-loss.js';
export { dotRegression } from './dot-regression.js';
export { focal } from './focal.js';
export { labelAwareSmoothing } from './label-aware-smoothing.js';
export { ldam } from './ldam.js';
export { logitAdjusted } from './logit-adjusted.js';
export {
  type Criterion,
  type LogitsOf,
  type Loss,
  overTargets,
  perImage,
  requireImages,
  requireLogits,
} from './loss.js';
export { losses } from './losses.js';
export { classWeights, REWEIGHT, requireBeta, reweighted, USUAL_BETA, weighed } from './weighing.js';
