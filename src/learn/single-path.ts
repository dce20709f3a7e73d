import { freeze, type Supernet } from '../net/index.js';
import { sgd } from '../optim/index.js';
import { type Genotypes, randomArchitecture } from '../space/index.js';
import type { Tensor } from '../tensor/index.js';
import type { Learner, StreamSpec } from './learner.js';
import type { Objective } from './objective.js';
import { drawn, placesOf, takePath } from './paths.js';
import type { StepProfiler } from './profiler.js';
import { weightStep } from './weight-step.js';

/** What training the shared weights of all architectures is made of. */
export interface SinglePathOptions {
  /** Of `singlePathRelaxation`. */
  readonly net: Supernet;
  /** Intermediate nodes of a cell. */
  readonly nodes: number;
  readonly objective: Objective;
  readonly streams: readonly StreamSpec[];
  readonly momentum: number;
  readonly weightDecay: number;
  readonly gradClip: number;
  /** The architecture of a step; each equally likely unless said. */
  readonly propose?: () => Genotypes;
  readonly assumes?: Learner['assumes'];
  readonly profiler?: StepProfiler | undefined;
}

/** The tensors by which a checkpoint knows the architecture that a supernet runs. */
export const pathTensors = ({ alphas }: Supernet): Record<string, Tensor> =>
  Object.fromEntries(alphas.map(({ component, kind, value }) => [`alpha/${component}.${kind}`, value]));

/**
 * Trains a supernet for random search with weight sharing (Li & Talwalkar 2019): in each step one architecture is
 * drawn, and only it runs, forward and backward. Weights that do not run have gradient 0, which momentum and decay see.
 */
export const singlePath = (options: SinglePathOptions): Learner => {
  const { net, nodes, objective, streams, momentum, weightDecay, gradClip, assumes, profiler } = options;
  const { store } = net;
  const places = placesOf(net, { nodes });
  const { propose = () => randomArchitecture(places, drawn) } = options;
  const optimizer = sgd(store.flat, { momentum, weightDecay });
  return {
    kind: 'search',
    model: net,
    streams,
    step: (batches, at) => {
      takePath(net, { genotypes: propose(), places });
      const {
        norms,
        extra: _,
        ...report
      } = weightStep({ store, optimizer, objective, gradClip, profiler }, batches, at);
      return { ...report, gradNorm: { weights: norms } };
    },
    freeze: (components) => freeze(net, components),
    tensors: { ...pathTensors(net), 'weight-optimizer/momentum': optimizer.state.momentum },
    record: () => ({ genotype: net.genotypes() }),
    genotypes: net.genotypes,
    assumes,
    dispose: () => {
      optimizer.state.momentum.dispose();
      net.dispose();
    },
  };
};
