import {
  assumedPrior,
  bilateralObjective,
  type Context,
  type Learner,
  type Objective,
  placesOf,
  plainObjective,
  type Strategy,
  type StreamSpec,
  selection,
  singlePath,
  UnfitError,
} from '../learn/index.js';
import type { Phase } from '../loop/index.js';
import { type Loss, requireLogits } from '../loss/index.js';
import { BACKBONE, bilateralNetwork, CLASSIFIER, freeze, type Supernet, searchNetwork } from '../net/index.js';
import { takeOver } from '../nn/index.js';
import { constant, cosine } from '../schedule/index.js';
import { type Place, singlePathRelaxation } from '../space/index.js';
import type { Tensor } from '../tensor/index.js';
import type { Plan } from './experiment.js';
import { kebab } from './option.js';
import type { PopulationOptions } from './population-options.js';
import { correctedTwice, corrects, TWICE } from './reweighting.js';
import { weightLr, weightLrNotice } from './search.js';
import { SEARCH_PHASE } from './stages.js';

/** The phase in which architectures are compared. */
export const SELECTION_PHASE = 'selection';
/** The phases that adapt a supernet to other images (IMB-NAS, Duggal et al. 2022). */
const HEAD_PHASE = 'head';
const ADAPTED_PHASE = 'adapted-selection';

/** Both heads count alike where architectures of two branches are compared. */
const EVEN = constant(0.5);

/** What a learner of these searches is built of. */
export interface Built {
  readonly net: Supernet;
  readonly objective: Objective;
  readonly places: readonly Place[];
}

/** A classifier that is trained anew on the features of the supernet. */
export interface Head {
  readonly epochs: number;
  readonly lr: number;
  readonly loss: Loss;
}

/**
 * The supernet of a search; with `head`, as it is after the search, its classifier a component of its own. Throws an
 * UnfitError without validation images, before any weight is trained.
 */
const build = (o: PopulationOptions, context: Context, head?: Head): Built => {
  if (context.validates === false)
    throw new UnfitError(
      'Cannot search: architectures are compared on validation images, there are none; give more images per class',
    );
  const choice = { space: o.space, relaxation: singlePathRelaxation };
  const of = (net: Supernet, objective: Objective): Built => ({ net, objective, places: placesOf(net, o) });
  const { bnScope, logitScale } = o;
  if (o.bilateral) {
    const net = bilateralNetwork({ ...o, ...context }, { ...choice, bnScope, logitScale });
    return of(net, bilateralObjective(net, o.loss.build(context.counts, net)));
  }
  const net = searchNetwork({ ...o, ...context }, { ...choice, classifierApart: head !== undefined });
  return of(net, plainObjective(net, (head ?? o).loss.build(context.counts, net)));
};

/** What makes one search among whole architectures differ from another. */
export interface Method {
  /** In words. */
  readonly label: string;
  /** Trains the shared weights, with architectures that are drawn uniformly unless said. */
  readonly train?: (built: Built, streams: readonly StreamSpec[], context: Context) => Learner;
  /** Whether that needs batches of validation images as well. */
  readonly validates?: boolean;
  readonly knobs?: Phase['knobs'];
  /** How candidates come about, and what tensors that takes. */
  readonly strategy: (
    built: Built,
    before: Learner | undefined,
  ) => Strategy & { readonly tensors?: Readonly<Record<string, Tensor>> };
  /** What follows the selection: a new classifier on its features, and another selection with it. */
  readonly head?: Head | undefined;
}

/** Why several processes cannot carry it out. */
const ALONE = 'a search among whole architectures does not share its steps';

/** Options of two branches as they are unless said. */
export const USUAL_BRANCHES = { mixing: 'parabolicDecay', bnScope: 'joint', logitScale: 1 } as const;

/** Throws a RangeError on options of two branches where there is one. */
const requireBranches = ({ bilateral, mixing, bnScope, logitScale }: PopulationOptions): void => {
  const own = { mixing: mixing.label, bnScope, logitScale };
  const other = (['mixing', 'bnScope', 'logitScale'] as const).find((name) => own[name] !== USUAL_BRANCHES[name]);
  if (!bilateral && other !== undefined)
    throw new RangeError(
      `Cannot use --${kebab(other)} ${own[other]} without --bilateral: there is one branch; give that too, or leave ` +
        'it out',
    );
};

/**
 * A search in two phases: the shared weights of all architectures are trained with one of them per step; then
 * architectures are compared on the same validation batches, one per step, and the best is kept. With `head`, two more
 * adapt the supernet to images with another balance of classes.
 */
export const planOf = (o: PopulationOptions, method: Method): Omit<Plan, 'experiment' | 'values' | 'network'> => {
  requireBranches(o);
  requireLogits(o.loss, o.classifier);
  const samplings: StreamSpec['sampling'][] = o.bilateral ? ['instance', o.sampling] : [o.sampling];
  const valid = samplings.map((usual) => (o.candidateSampling === 'same' ? usual : o.candidateSampling));
  const streams: StreamSpec[] = [
    ...samplings.map((sampling) => ({ part: 'train', sampling }) as const),
    ...(method.validates ? valid.map((sampling) => ({ part: 'valid', sampling }) as const) : []),
  ];
  const learningFrom = ({ counts, profiler }: Context, { loss }: Pick<Head, 'loss'> = o) => ({
    assumes: assumedPrior({ streams, loss, counts, augment: o.augment.label }),
    profiler,
  });
  const search: Phase = {
    name: SEARCH_PHASE,
    alone: ALONE,
    epochs: o.epochs,
    knobs: { weightLr: weightLr(o), ...(o.bilateral ? { mixing: o.mixing } : {}), ...method.knobs },
    start: (context) => {
      const built = build(o, context);
      method.head?.loss.build(context.counts, built.net); // what it cannot be built for is found before the search
      const { train = () => singlePath({ ...o, ...built, streams, ...learningFrom(context) }) } = method;
      return train(built, streams, context);
    },
  };
  const select = (name: string, samplings: readonly StreamSpec['sampling'][], head?: Head): Phase => ({
    name,
    alone: ALONE,
    epochs: 1,
    steps: o.candidates,
    knobs: o.bilateral ? { mixing: EVEN } : {},
    start: (context, { before }) => {
      const built = build(o, context, head);
      if (before !== undefined) takeOver(built.net.store, before.model.store);
      const { tensors, ...strategy } = method.strategy(built, before);
      const { candidates, batchSize, nodes, candidateBatches: batches } = o;
      const rest = {
        ...built,
        ...learningFrom(context, head),
        candidates,
        batchSize,
        nodes,
        batches,
        streams,
        valid: samplings,
        context,
        backbonePasses: o.bilateral && o.bnScope === 'perBranch' ? 2 : 1,
      };
      return selection({ ...rest, strategy, ...(tensors && { tensors }) });
    },
  });
  const adapt = (head: Head): Phase => ({
    name: HEAD_PHASE,
    alone: ALONE,
    adapts: true,
    epochs: head.epochs,
    knobs: { weightLr: cosine(head.lr, 0) },
    frozen: [BACKBONE],
    start: (context, { before }) => {
      const built = build(o, context, head);
      if (before !== undefined) takeOver(built.net.store, before.model.store, { except: [CLASSIFIER] });
      const learner = singlePath({ ...o, ...built, streams, ...learningFrom(context, head) });
      // The running statistics are a mean over all architectures: features are normalised by their batch.
      return { ...learner, freeze: (components) => freeze(built.net, components, { statistics: 'batch' }) };
    },
  });
  const { head } = method;
  const adaptation = head === undefined ? [] : [adapt(head), select(ADAPTED_PHASE, ['class'], head)];
  const { batchSize, steps, augment, space } = o;
  const branches = o.bilateral ? ` + BBN, ${o.mixing.label}` : '';
  return {
    batchSize,
    steps,
    augment: augment.label,
    space: { name: space.name, primitives: space.primitives.map(({ name }) => name) },
    method: `${method.label}${branches}${o.bilateral || o.sampling === 'instance' ? '' : `, ${o.sampling} sampling`}`,
    streams,
    phases: [search, select(SELECTION_PHASE, valid), ...adaptation],
    notices: [
      ...correctedTwice(o),
      ...weightLrNotice(o),
      ...(head !== undefined && o.sampling !== 'instance' && corrects(head.loss)
        ? [`--head-loss ${head.loss.label} and --sampling ${o.sampling} ${TWICE}`]
        : []),
    ],
  };
};
