import { ofNumbers, registry, withDefaults } from '../label/index.js';
import { balancedSoftmax } from './balanced-softmax.js';
import { classBalanced, classBalancedFocal } from './class-balanced.js';
import { crossEntropyLoss } from './cross-entropy-loss.js';
import { dotRegression } from './dot-regression.js';
import { focal } from './focal.js';
import { labelAwareSmoothing } from './label-aware-smoothing.js';
import { ldam } from './ldam.js';
import { logitAdjusted } from './logit-adjusted.js';
import type { Loss } from './loss.js';

/** Every loss that has a spelling. */
export const losses = registry<Loss>('loss', {
  'cross-entropy': ofNumbers('cross-entropy', crossEntropyLoss),
  'balanced-softmax': ofNumbers('balanced-softmax', balancedSoftmax),
  'class-balanced': withDefaults('class-balanced', ['beta'], classBalanced),
  focal: withDefaults('focal', ['gamma'], focal),
  'class-balanced-focal': withDefaults('class-balanced-focal', ['beta', 'gamma'], classBalancedFocal),
  ldam: withDefaults('ldam', ['maxMargin', 'scale'], ldam),
  'logit-adjusted': withDefaults('logit-adjusted', ['tau'], logitAdjusted),
  'label-aware-smoothing': withDefaults('label-aware-smoothing', ['head', 'tail'], labelAwareSmoothing),
  'dot-regression': ofNumbers('dot-regression', dotRegression),
});
