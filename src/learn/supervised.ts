import { alone, type Group } from '../group/index.js';
import type { Model } from '../net/index.js';
import { sgd } from '../optim/index.js';
import type { Genotypes } from '../space/index.js';
import type { Learner, StreamSpec } from './learner.js';
import type { Objective } from './objective.js';
import type { StepProfiler } from './profiler.js';
import { drawingApart } from './shared.js';
import { weightStep } from './weight-step.js';

/** What training a network from scratch is made of. */
export interface SupervisedOptions {
  readonly model: Model;
  readonly objective: Objective;
  readonly streams: readonly StreamSpec[];
  readonly momentum: number;
  readonly weightDecay: number;
  readonly gradClip: number;
  /** Radius of sharpness-aware minimisation (`atSharpest`), which takes a second gradient per step; none unless > 0. */
  readonly sam?: number | undefined;
  /** The cells that the network is made of; none for a network without. */
  readonly genotypes?: Genotypes;
  readonly assumes?: Learner['assumes'];
  readonly profiler?: StepProfiler | undefined;
  readonly group?: Group | undefined;
}

/** Trains the weights of any network: SGD with momentum on training batches, at the rate `weightLr`. */
export const supervised = (options: SupervisedOptions): Learner => {
  const {
    model,
    objective,
    streams,
    momentum,
    weightDecay,
    gradClip,
    sam,
    genotypes = {},
    assumes,
    profiler,
    group = alone,
  } = options;
  const { store } = model;
  const optimizer = sgd(store.flat, { momentum, weightDecay });
  return {
    kind: 'train',
    model,
    streams,
    step: (batches, at) => {
      const {
        norms,
        extra: _,
        ...report
      } = drawingApart(group, () =>
        weightStep({ store, optimizer, objective, gradClip, sam, profiler, group }, batches, at),
      );
      return { ...report, gradNorm: { weights: norms } };
    },
    freeze: (components) => store.freeze(components),
    tensors: { 'weight-optimizer/momentum': optimizer.state.momentum },
    record: () => ({}),
    genotypes: () => genotypes,
    assumes,
    dispose: () => {
      optimizer.state.momentum.dispose();
      model.dispose();
    },
  };
};
