import { freeze, type Supernet } from '../net/index.js';
import type { TensorBatch } from '../nn/index.js';
import { adam, archOptimizer, type Optimizer, sgd } from '../optim/index.js';
import { noGrad, norm, scope, type Tensor } from '../tensor/index.js';
import { firstOrder, secondOrder } from './arch-gradient.js';
import { requireFiniteGradients, requireFiniteLoss } from './diverged.js';
import type { At, Learner, StreamSpec } from './learner.js';
import type { Objective } from './objective.js';
import type { StepProfiler } from './profiler.js';
import { knob, weightStep } from './weight-step.js';

/** What a differentiable search is made of. */
export interface DartsOptions {
  readonly net: Supernet;
  readonly objective: Objective;
  readonly streams: readonly StreamSpec[];
  /** 1 or 2: whether alpha's gradient sees how one weight step depends on it (paper, eq 9). */
  readonly order: 1 | 2;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly gradClip: number;
  readonly archOptimizer: 'adam' | 'sgd';
  readonly archWeightDecay: number;
  readonly assumes?: Learner['assumes'];
  readonly profiler?: StepProfiler | undefined;
}

const named = (prefix: string, tensors: Readonly<Record<string, Tensor>>): [string, Tensor][] =>
  Object.entries(tensors).map(([name, t]) => [`${prefix}/${name}`, t]);

/** Every tensor of alpha by component and kind, one that is not of operations with its part's name after the kind. */
const alphasOf = ({ alphas }: Supernet): Record<string, Record<string, number[][]>> => {
  const found: Record<string, Record<string, number[][]>> = {};
  for (const { component, kind, part, value } of alphas)
    found[component] = { ...found[component], [part === 'ops' ? kind : `${kind}.${part}`]: rows(value) };
  return found;
};

const rows = (x: Tensor): number[][] => {
  const columns = x.shape.at(-1) ?? 1;
  const all = x.toArray();
  return Array.from({ length: all.length / columns }, (_, i) => all.slice(i * columns, (i + 1) * columns));
};

/**
 * DARTS, and all that differs from it by its supernet or its objective. One step: alpha moves by its gradient on
 * validation batches, then the weights by theirs on training batches. Alpha's rate is a knob per component,
 * `archLr.backbone`: heterogeneous learning-rate scheduling is nothing but these.
 */
export const darts = (options: DartsOptions): Learner => {
  const { net, objective, streams, momentum, weightDecay, gradClip, archWeightDecay, profiler } = options;
  const { store, alphas } = net;
  const weights = sgd(store.flat, { momentum, weightDecay });
  const makeArch = (value: Tensor): Optimizer =>
    options.archOptimizer === 'adam'
      ? adam(value, { betas: [0.5, 0.999], weightDecay: archWeightDecay })
      : sgd(value, { weightDecay: archWeightDecay });
  const arch = archOptimizer(alphas, { make: makeArch });
  const training = { store, optimizer: weights, objective, gradClip, profiler };

  const archStep = (train: readonly TensorBatch[], valid: readonly TensorBatch[], at: At): Record<string, number> =>
    scope(() => {
      const rate = (component: string): number => knob(at.knobs, `archLr.${component}`);
      // What is frozen or has rate 0 would not move: its gradient is not computed.
      const moving = alphas.filter(({ component }) => !store.frozen.has(component) && rate(component) !== 0);
      const step = { store, objective, alphas: moving, train, valid, knobs: at.knobs, profiler };
      const { loss, gradients } =
        options.order === 1 || moving.length === 0
          ? firstOrder(step)
          : secondOrder(step, {
              momentum,
              weightDecay,
              lr: knob(at.knobs, 'weightLr'),
              buffer: weights.state.momentum,
            });
      profiler?.enter('alpha: update');
      requireFiniteLoss(loss.item(), 'validation', at);
      return noGrad(() => {
        const byAlpha = new Map(moving.map((alpha, i) => [alpha, gradients[i]]));
        const squares: Record<string, number> = {};
        const found: { name: string; gradient: Tensor }[] = [];
        for (const [{ component, kind }, gradient] of byAlpha) {
          if (gradient === undefined) continue;
          squares[component] = (squares[component] ?? 0) + norm(gradient).item() ** 2;
          found.push({ name: `alpha of ${component}, ${kind}`, gradient });
        }
        requireFiniteGradients(
          Object.values(squares).reduce((a, b) => a + b, 0),
          found,
          at,
        );
        arch.step(
          alphas.map((alpha) => byAlpha.get(alpha)),
          { rate },
        );
        return Object.fromEntries(Object.entries(squares).map(([name, square]) => [name, Math.sqrt(square)]));
      });
    });

  const tensors = Object.fromEntries([
    ...alphas.map(({ component, kind, part, value }): [string, Tensor] => [
      `alpha/${component}.${kind}${part === 'ops' ? '' : `.${part}`}`,
      value,
    ]),
    ...named('weight-optimizer', weights.state),
    ...named('arch-optimizer', arch.state),
  ]);
  return {
    kind: 'search',
    model: net,
    streams,
    step: (batches, at) => {
      const of = (part: StreamSpec['part']) => batches.filter((_, i) => streams[i]?.part === part);
      const [train, valid] = [of('train'), of('valid')];
      const alpha = archStep(train, valid, at);
      const { norms, ...report } = weightStep(training, train, at);
      return { ...report, gradNorm: { weights: norms, alpha } };
    },
    freeze: (components) => freeze(net, components),
    tensors,
    record: () => ({ alpha: alphasOf(net), opWeights: net.opWeights(), genotype: net.genotypes() }),
    genotypes: net.genotypes,
    assumes: options.assumes,
    dispose: () => {
      for (const t of Object.values(tensors)) t.dispose();
      net.dispose();
    },
  };
};
