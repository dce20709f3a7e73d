import type { Model } from '../net/index.js';
import type { Genotypes } from '../space/index.js';
import type { Learner } from './learner.js';

/** What a phase without epochs builds: a network that is tested as it is. */
export const settled = ({
  model,
  genotypes = {},
  assumes,
}: { readonly model: Model; readonly genotypes?: Genotypes } & Pick<Learner, 'assumes'>): Learner => ({
  kind: 'train',
  model,
  streams: [],
  step: () => {
    throw new Error('Cannot run step: this network is not trained any more; its phase must have 0 epochs');
  },
  freeze: () => {},
  tensors: {},
  record: () => ({}),
  genotypes: () => genotypes,
  assumes,
  dispose: () => model.dispose(),
});
