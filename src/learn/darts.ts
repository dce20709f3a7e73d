import { alone, averaged, type Group } from '../group/index.js';
import { type Alpha, freeze, type Supernet } from '../net/index.js';
import type { Knobs, TensorBatch } from '../nn/index.js';
import { adam, archOptimizer, type Optimizer, sgd } from '../optim/index.js';
import { rows } from '../space/index.js';
import { add, grad, noGrad, norm, scope, type Tensor } from '../tensor/index.js';
import { firstOrder, keepingBuffers, secondOrder } from './arch-gradient.js';
import { requireFiniteGradients, requireFiniteLoss } from './diverged.js';
import { dominantEigenvalue } from './eigenvalue.js';
import type { At, Context, Learner, StreamSpec } from './learner.js';
import type { Objective } from './objective.js';
import type { StepProfiler } from './profiler.js';
import { knob, weightStep } from './weight-step.js';

/** The images that alpha learns from. */
export const archData = ['valid', 'train'] as const;
export type ArchData = (typeof archData)[number];

/** What a differentiable search is made of. */
export interface DartsOptions {
  readonly net: Supernet;
  readonly objective: Objective;
  /** What alpha minimises on its own batches: the same unless said. */
  readonly archObjective?: Objective | undefined;
  readonly streams: readonly StreamSpec[];
  /** 1 or 2: whether alpha's gradient sees how one weight step depends on it (paper, eq 9). */
  readonly order: 1 | 2;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly gradClip: number;
  readonly archOptimizer: 'adam' | 'sgd';
  readonly archWeightDecay: number;
  /** Whose loss alpha follows: that of validation batches, or of the very pass that the weights follow (SNAS). */
  readonly archData?: ArchData;
  /** Every so many epochs the Hessian's dominant eigenvalue is measured; 0 or absent: never. */
  readonly eigenvalue?: number;
  readonly sample?: Context['sample'];
  readonly assumes?: Learner['assumes'];
  readonly profiler?: StepProfiler | undefined;
  readonly group?: Group | undefined;
}

/** Validation images per branch that an eigenvalue is measured on. */
const EIGENVALUE_BATCH = 64;
const EIGENVALUE = 'eigenvalue';
/** What the profiler calls alpha's part of a step. */
const ALPHA = ['alpha: forward', 'alpha: backward', 'alpha: update'] as const;

const named = (prefix: string, tensors: Readonly<Record<string, Tensor>>): [string, Tensor][] =>
  Object.entries(tensors).map(([name, t]) => [`${prefix}/${name}`, t]);

/** Every tensor of alpha by component and kind, one that is not of operations with its part's name after the kind. */
const alphasOf = ({ alphas }: Supernet): Record<string, Record<string, number[][]>> => {
  const found: Record<string, Record<string, number[][]>> = {};
  for (const { component, kind, part, value } of alphas)
    found[component] = { ...found[component], [part === 'ops' ? kind : `${kind}.${part}`]: rows(value) };
  return found;
};

/**
 * DARTS, and all that differs from it by its supernet or its objective. One step: alpha moves by its gradient on
 * validation batches, then the weights by theirs on training batches. Alpha's rate is a knob per component,
 * `archLr.backbone`: heterogeneous learning-rate scheduling is nothing but these.
 */
export const darts = (options: DartsOptions): Learner => {
  const {
    net,
    objective,
    archObjective = objective,
    streams,
    momentum,
    weightDecay,
    gradClip,
    archWeightDecay,
    profiler,
    group = alone,
  } = options;
  const { store, alphas } = net;
  const weights = sgd(store.flat, { momentum, weightDecay });
  const makeArch = (value: Tensor): Optimizer =>
    options.archOptimizer === 'adam'
      ? adam(value, { betas: [0.5, 0.999], weightDecay: archWeightDecay })
      : sgd(value, { weightDecay: archWeightDecay });
  const arch = archOptimizer(alphas, { make: makeArch });
  const training = { store, optimizer: weights, objective, gradClip, profiler, group };

  const rateAt =
    (at: Pick<At, 'knobs'>) =>
    (component: string): number =>
      knob(at.knobs, `archLr.${component}`);
  /** What is frozen or has rate 0 would not move: its gradient is not computed. */
  const movingAt = (at: Pick<At, 'knobs'>): Alpha[] => {
    const rate = rateAt(at);
    return alphas.filter(({ component }) => !store.frozen.has(component) && rate(component) !== 0);
  };
  const valuesOf = (moving: readonly Alpha[]): Tensor[] => moving.map(({ value }) => value);

  /** Adds the extra terms of alpha's loss to the network's loss. */
  const penalised = (moving: readonly Alpha[], gradients: readonly Tensor[]): readonly Tensor[] => {
    const { penalty } = net.relaxation;
    const operations = valuesOf(moving.filter(({ part }) => part === 'ops'));
    if (penalty === undefined || operations.length === 0) return gradients;
    const own = new Map(grad(penalty(operations), operations).map((gradient, i) => [operations[i], gradient]));
    return noGrad(() =>
      gradients.map((gradient, i) => {
        const more = own.get(moving[i]?.value);
        return more === undefined ? gradient : add(gradient, more);
      }),
    );
  };

  /** Moves alpha along these gradients. Returns their norms by component. */
  const moveAlpha = (moving: readonly Alpha[], found: readonly Tensor[], at: At): Record<string, number> => {
    profiler?.enter('alpha: update');
    const gradients = penalised(moving, found);
    return noGrad(() => {
      const squares: Record<string, number> = {};
      const byAlpha = new Map(moving.map((alpha, i) => [alpha, gradients[i]]));
      for (const [{ component }, gradient] of byAlpha)
        if (gradient !== undefined) squares[component] = (squares[component] ?? 0) + norm(gradient).item() ** 2;
      requireFiniteGradients(
        Object.values(squares).reduce((a, b) => a + b, 0),
        [...byAlpha].flatMap(([{ component, kind }, gradient]) =>
          gradient === undefined ? [] : [{ name: `alpha of ${component}, ${kind}`, gradient }],
        ),
        at,
      );
      arch.step(
        alphas.map((alpha) => byAlpha.get(alpha)),
        { rate: rateAt(at) },
      );
      return Object.fromEntries(Object.entries(squares).map(([name, square]) => [name, Math.sqrt(square)]));
    });
  };

  /** Alpha is perturbed in the weights' pass alone. */
  const unperturbed = ({ perturbation: _, ...knobs }: Knobs): Knobs => knobs;

  const archStep = (train: readonly TensorBatch[], valid: readonly TensorBatch[], at: At): Record<string, number> =>
    scope(() => {
      const moving = movingAt(at);
      const own = { objective, archObjective, alphas: moving, knobs: unperturbed(at.knobs) };
      const step = { store, ...own, train, valid, profiler, group };
      const { loss, gradients } =
        options.order === 1 || moving.length === 0
          ? firstOrder(step)
          : secondOrder(step, {
              momentum,
              weightDecay,
              lr: knob(at.knobs, 'weightLr'),
              buffer: weights.state.momentum,
            });
      const { tensors, numbers } = averaged(group, { tensors: gradients, numbers: [loss.item()] });
      for (const mean of numbers) requireFiniteLoss(mean, 'validation', at);
      return moveAlpha(moving, tensors, at);
    });

  /** Weights and alpha from one pass over the training batches. */
  const jointStep = (train: readonly TensorBatch[], at: At) =>
    scope(() => {
      const moving = movingAt(at);
      const { norms, extra, ...report } = weightStep({ ...training, extra: valuesOf(moving) }, train, at);
      return { ...report, gradNorm: { weights: norms, alpha: moveAlpha(moving, extra, at) } };
    });

  /** Whether alpha has yet to begin: no pass is made for it then, as in PC-DARTS and P-DARTS. */
  const waits = (at: Pick<At, 'knobs'>): boolean => (at.knobs['archWait'] ?? 0) > 0;

  const { eigenvalue: every = 0, sample } = options;
  const measuresAt = (epoch: number): boolean => every > 0 && epoch % every === 0;

  const eigenvalue = ({ epoch, knobs }: Pick<At, 'epoch' | 'knobs'>): number | undefined => {
    if (!measuresAt(epoch) || sample === undefined) return undefined;
    const part = options.archData ?? 'valid';
    const drawn = { part, sampling: 'class', batchSize: EIGENVALUE_BATCH, batches: 1 } as const;
    const valid = streams
      .filter((stream) => stream.part === part)
      .flatMap((_, i) => sample({ ...drawn, name: `eigenvalue-${epoch}-${i}` }, store));
    const moving = movingAt({ knobs });
    if (moving.length === 0) return undefined;
    const step = { store, objective, archObjective, alphas: moving, train: [], valid, knobs: unperturbed(knobs) };
    profiler?.enter(EIGENVALUE);
    const found = keepingBuffers(store, () =>
      dominantEigenvalue(moving, { gradient: () => firstOrder(step).gradients, decay: archWeightDecay }),
    );
    profiler?.enter('release, events');
    return found;
  };

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
      if (options.archData === 'train' && !waits(at)) return jointStep(train, at);
      const alpha = waits(at) ? {} : archStep(train, valid, at);
      const { norms, extra: _, ...report } = weightStep(training, train, at);
      return { ...report, gradNorm: { weights: norms, alpha } };
    },
    freeze: (components) => freeze(net, components),
    tensors,
    work: ({ epoch, knobs }) => ({
      lacks: waits({ knobs }) ? ALPHA : [],
      parts: measuresAt(epoch) ? [{ name: EIGENVALUE, times: 1, when: 'last', images: EIGENVALUE_BATCH }] : [],
    }),
    record: (at) => {
      const sharpness = eigenvalue(at);
      return {
        ...{ alpha: alphasOf(net), opWeights: net.opWeights(), genotype: net.genotypes() },
        ...(sharpness === undefined ? {} : { eigenvalue: sharpness }),
      };
    },
    opWeights: net.opWeights,
    genotypes: net.genotypes,
    assumes: options.assumes,
    dispose: () => {
      for (const t of Object.values(tensors)) t.dispose();
      net.dispose();
    },
  };
};
