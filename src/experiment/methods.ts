import type { Experiment, Values } from './experiment.js';
import { paperSettings } from './recipes.js';
import { plainSearch, type Row } from './search.js';

/** A search method of the literature, as what it has other than DARTS at the paper's settings. */
const method = ({ changed, ...row }: Omit<Row, 'defaults'> & { changed: Values }): Experiment =>
  plainSearch({ ...row, defaults: { ...paperSettings, ...changed } });

/**
 * Search methods that the paper names, each DARTS with other parts; docs/methods.md has the equation and the source of
 * each. Learning rates, decay and epochs are the paper's, so that methods differ in nothing else.
 */
export const methods: readonly Experiment[] = [
  method({
    name: 'gdas',
    label: 'GDAS',
    about: 'cheap: one operation runs per edge',
    cost: { step: 0.24, memory: 0.45 },
    changed: { relax: 'sampled', temperature: 'linear(10, 0.1)' },
  }),
  method({
    name: 'snas',
    label: 'SNAS',
    about: 'weights and operations learn from the same pass',
    cost: { step: 0.68, memory: 0.93 },
    changed: { relax: 'gumbel', temperature: 'linear(1, 0.03)', archData: 'train' },
  }),
  method({
    name: 'fair-darts',
    label: 'FairDARTS',
    about: 'operations do not compete with one another',
    cost: { step: 0.89, memory: 1.0 },
    changed: { space: 'darts-without-none', relax: 'sigmoid', selector: 'threshold' },
  }),
  method({
    name: 'drnas',
    label: 'DrNAS',
    about: 'explores: operation weights are drawn',
    cost: { step: 0.93, memory: 1.0 },
    changed: { space: 'darts-without-none', relax: 'dirichlet' },
  }),
  method({
    name: 'pc-darts',
    label: 'PC-DARTS',
    about: 'less memory: operations on 1/4 of the channels',
    cost: { step: 0.54, memory: 0.51 },
    changed: { relax: 'edgeNormalised', partial: 4, archWarmup: 0.3 },
  }),
  method({
    name: 'darts-minus',
    label: 'DARTS−',
    about: 'against collapse: a skip added to every edge',
    cost: { step: 0.99, memory: 1.0 },
    changed: { auxiliarySkip: 'linear(1, 0)' },
  }),
  method({
    name: 'smooth-darts',
    label: 'SmoothDARTS',
    about: 'against collapse: noise on operation weights',
    cost: { step: 0.99, memory: 0.93 },
    changed: { perturbation: 'linear(0.03, 0.3)' },
  }),
  method({
    name: 'robust-darts',
    label: 'RobustDARTS, early stopping',
    about: 'against collapse: stops when the loss sharpens',
    cost: { step: 0.99, memory: 0.93 },
    changed: { eigenvalue: 2, stop: 'eigenvalue' },
  }),
  method({
    name: 'darts-plus',
    label: 'DARTS+',
    about: 'against collapse: stops at two skip connections',
    cost: { step: 0.98, memory: 0.93 },
    changed: { stop: 'skips' },
  }),
  method({
    name: 'p-darts',
    label: 'P-DARTS',
    about: 'deeper networks, fewer operations, in stages',
    cost: { step: 1.29, memory: 1.14 },
    changed: {
      ...{ epochs: 75, layers: 5, stages: '0, 6, 12', drops: '0, 3, 2', skipDropout: '0, 0.4, 0.7' },
      ...{ archWarmup: 0.4, selector: 'maxSkips(2)' },
    },
    sizes: { smoke: { epochs: 6, stages: '0, 1, 2' }, small: { epochs: 12, layers: 3, stages: '0, 2, 5' } },
  }),
  method({
    name: 'darts-pt',
    label: 'DARTS-PT',
    about: 'keeps what accuracy depends on most',
    cost: { step: 1.05, memory: 1.0 },
    changed: { space: 'darts-without-none', projection: 5 },
    sizes: { smoke: { projection: 1 }, small: { projection: 1 } },
  }),
  method({
    name: 'lt-darts',
    label: 'DARTS with a fixed ETF classifier',
    about: 'long tails: a fixed classifier, even batches',
    cost: { step: 1.0, memory: 1.0 },
    changed: { sampling: 'class', classifier: 'etf' },
  }),
];
