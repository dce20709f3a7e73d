import type { Experiment, Values } from './experiment.js';
import { paperSettings } from './recipes.js';
import { plainSearch } from './search.js';

/** A search method of the literature, as what it has other than DARTS at the paper's settings. */
const method = (name: string, label: string, changed: Values): Experiment =>
  plainSearch({ name, label, defaults: { ...paperSettings, ...changed } });

/**
 * Search methods that the paper names, each DARTS with other parts; docs/methods.md has the equation and the source of
 * each. Learning rates, decay and epochs are the paper's, so that methods differ in nothing else.
 */
export const methods: readonly Experiment[] = [
  method('gdas', 'GDAS', { relax: 'sampled', temperature: 'linear(10, 0.1)' }),
  method('snas', 'SNAS', { relax: 'gumbel', temperature: 'linear(1, 0.03)', archData: 'train' }),
  method('fair-darts', 'FairDARTS', { space: 'darts-without-none', relax: 'sigmoid', selector: 'threshold' }),
  method('drnas', 'DrNAS', { space: 'darts-without-none', relax: 'dirichlet' }),
  method('pc-darts', 'PC-DARTS', { relax: 'edgeNormalised', partial: 4, archWarmup: 0.3 }),
  method('darts-minus', 'DARTS−', { auxiliarySkip: 'linear(1, 0)' }),
  method('smooth-darts', 'SmoothDARTS', { perturbation: 'linear(0.03, 0.3)' }),
  method('robust-darts', 'RobustDARTS, early stopping', { eigenvalue: 2, stop: 'eigenvalue' }),
  method('darts-plus', 'DARTS+', { stop: 'skips' }),
  method('lt-darts', 'DARTS with a fixed ETF classifier', { sampling: 'class', classifier: 'etf' }),
];
