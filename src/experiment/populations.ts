import {
  assumedPrior,
  bilateralObjective,
  type Context,
  controller,
  controllerTensors,
  drawn,
  enas,
  type Learner,
  likeliest,
  nextCandidate,
  type Objective,
  placesOf,
  plainObjective,
  type Scored,
  type Strategy,
  type StreamSpec,
  samplingBy,
  selection,
  singlePath,
  UnfitError,
} from '../learn/index.js';
import type { Phase } from '../loop/index.js';
import { requireLogits } from '../loss/index.js';
import { bilateralNetwork, type Supernet, searchNetwork } from '../net/index.js';
import { takeOver } from '../nn/index.js';
import { constant } from '../schedule/index.js';
import { type Genotypes, mutated, type Place, randomArchitecture, singlePathRelaxation } from '../space/index.js';
import { inPlace, noGrad, scope, type Tensor } from '../tensor/index.js';
import { define, type Experiment, type Plan, type Scale, type Values } from './experiment.js';
import { refusedOfPopulations } from './method-rules.js';
import { enasOptions, evolutionOptions, type PopulationOptions, populationOptions } from './population-options.js';
import { paperSettings } from './recipes.js';
import { searchScales, weightLr } from './search.js';
import { SEARCH_PHASE } from './stages.js';

/** The phase in which architectures are compared. */
export const SELECTION_PHASE = 'selection';

/** Both heads count alike where architectures of two branches are compared. */
const EVEN = constant(0.5);

/** What a learner of these searches is built of. */
interface Built {
  readonly net: Supernet;
  readonly objective: Objective;
  readonly places: readonly Place[];
}

/** The supernet of a search. Throws an UnfitError without validation images, before any weight is trained. */
const build = (o: PopulationOptions, context: Context): Built => {
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
  const net = searchNetwork({ ...o, ...context }, choice);
  return of(net, plainObjective(net, o.loss.build(context.counts, net)));
};

/** What makes one search among whole architectures differ from another. */
interface Method {
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
}

/** Why several processes cannot carry it out. */
const ALONE = 'a search among whole architectures does not share its steps';

/**
 * A search in two phases: the shared weights of all architectures are trained with one of them per step; then
 * architectures are compared on the same validation batches, one per step, and the best is kept.
 */
const planOf = (o: PopulationOptions, method: Method): Omit<Plan, 'experiment' | 'values' | 'network' | 'notices'> => {
  requireLogits(o.loss, o.classifier);
  const samplings: StreamSpec['sampling'][] = o.bilateral ? ['instance', o.sampling] : [o.sampling];
  const valid = samplings.map((usual) => (o.candidateSampling === 'same' ? usual : o.candidateSampling));
  const streams: StreamSpec[] = [
    ...samplings.map((sampling) => ({ part: 'train', sampling }) as const),
    ...(method.validates ? valid.map((sampling) => ({ part: 'valid', sampling }) as const) : []),
  ];
  const learningFrom = ({ counts, profiler }: Context) => ({
    assumes: assumedPrior({ streams, loss: o.loss, counts }),
    profiler,
  });
  const search: Phase = {
    name: SEARCH_PHASE,
    alone: ALONE,
    epochs: o.epochs,
    knobs: { weightLr: weightLr(o), ...(o.bilateral ? { mixing: o.mixing } : {}), ...method.knobs },
    start: (context) => {
      const built = build(o, context);
      const { train = () => singlePath({ ...o, ...built, streams, ...learningFrom(context) }) } = method;
      return train(built, streams, context);
    },
  };
  const select: Phase = {
    name: SELECTION_PHASE,
    alone: ALONE,
    epochs: 1,
    steps: o.candidates,
    knobs: o.bilateral ? { mixing: EVEN } : {},
    start: (context, { before }) => {
      const built = build(o, context);
      if (before !== undefined) takeOver(built.net.store, before.model.store);
      const { tensors, ...strategy } = method.strategy(built, before);
      const { candidates, batchSize, nodes, candidateBatches: batches } = o;
      const sizes = { candidates, batchSize, nodes, batches };
      const rest = { ...built, ...learningFrom(context), ...sizes, streams, valid, context };
      return selection({ ...rest, strategy, ...(tensors && { tensors }) });
    },
  };
  const { batchSize, steps, augment, space } = o;
  const branches = o.bilateral ? ` + BBN, ${o.mixing.label}` : '';
  return {
    batchSize,
    steps,
    augment: augment.label,
    space: { name: space.name, primitives: space.primitives.map(({ name }) => name) },
    method: `${method.label}${branches}${o.bilateral || o.sampling === 'instance' ? '' : `, ${o.sampling} sampling`}`,
    streams,
    phases: [search, select],
  };
};

const { epochs, batchSize, steps, channels, layers, nodes, momentum, weightDecay, gradClip } = paperSettings;
const { loss, classifier, weightLr: rate, weightLrMin, space, augment, sampling } = paperSettings;
const usual: Values = {
  ...{ epochs, batchSize, steps, channels, layers, nodes, momentum, weightDecay, gradClip },
  ...{ loss, classifier, weightLr: rate, weightLrMin, space, augment, sampling },
  ...{ mixing: 'parabolicDecay', bnScope: 'joint', logitScale: 1, bilateral: false },
  ...{ candidates: 1000, candidateBatches: 10, candidateSampling: 'same' },
};

/** What a search of two branches has by default where one of a single branch has something else. */
const ofBranches = ({ bilateral }: Values): Values => (String(bilateral) === 'true' ? { sampling: 'class' } : {});

const scalesWith = (changed: Readonly<Record<Scale, Values>>): Readonly<Record<Scale, Values>> => ({
  smoke: { ...searchScales.smoke, ...changed.smoke },
  small: { ...searchScales.small, ...changed.small },
  paper: { ...searchScales.paper, ...changed.paper },
});
const scales = scalesWith({ smoke: { candidates: 20 }, small: { candidates: 200 }, paper: {} });

const shared = { kind: 'search', refused: refusedOfPopulations, implied: ofBranches } as const;

/** Random search with weight sharing (Li & Talwalkar 2019): the best of many architectures that are drawn uniformly. */
const randomSearch = define({
  ...shared,
  name: 'random-ws',
  label: 'Random search with weight sharing',
  about: 'a control: random architectures, shared weights',
  options: populationOptions,
  defaults: usual,
  scales,
  plan: (o) =>
    planOf(o, {
      label: 'Random search with weight sharing',
      strategy: ({ places }) => ({ population: 0, propose: () => randomArchitecture(places, drawn) }),
    }),
});

/** Regularised evolution (Real et al. 2019) on shared weights. */
const evolution = define({
  ...shared,
  name: 'evolution',
  label: 'Regularised evolution',
  about: 'changes good architectures step by step',
  options: evolutionOptions,
  defaults: { ...usual, population: 50, tournament: 10 },
  scales: scalesWith({
    smoke: { candidates: 20, population: 8, tournament: 3 },
    small: { candidates: 200 },
    paper: {},
  }),
  plan: (o) => {
    if (o.population > o.candidates)
      throw new RangeError(
        `Cannot use --population ${o.population} with --candidates ${o.candidates}: all would be drawn at random, ` +
          'none mutated; take more candidates or a smaller population',
      );
    return planOf(o, {
      label: 'Regularised evolution',
      strategy: ({ places }) => ({
        population: o.population,
        propose: (members: readonly Scored<Genotypes>[]) =>
          nextCandidate(members, {
            population: o.population,
            tournament: o.tournament,
            random: () => randomArchitecture(places, drawn),
            mutate: (parent) => mutated(parent, { places, draw: drawn }),
            draw: drawn,
          }),
      }),
    });
  },
});

/** ENAS (Pham et al. 2018): a controller learns which architectures are good. */
const reinforced = define({
  ...shared,
  name: 'enas',
  label: 'ENAS',
  about: 'a controller learns which ones are good',
  options: enasOptions,
  defaults: { ...usual, candidates: 100, controllerLr: 0.0035, entropyWeight: 1e-4 },
  scales: scalesWith({ smoke: { candidates: 10 }, small: { candidates: 50 }, paper: {} }),
  plan: (o) =>
    planOf(o, {
      label: 'ENAS',
      validates: true,
      knobs: { controllerLr: constant(o.controllerLr) },
      train: (built, streams, { counts, profiler }) => {
        const assumes = assumedPrior({ streams, loss: o.loss, counts });
        const { dtype, device } = built.net.store;
        const teacher = controller({ places: built.places, dtype, device });
        const rewards = { entropyWeight: o.entropyWeight };
        return enas({ ...o, ...built, streams, controller: teacher, rewards, assumes, profiler });
      },
      strategy: ({ net, places }, before) => {
        const { dtype, device } = net.store;
        const taught = controller({ places, dtype, device });
        const tensors = controllerTensors(taught);
        noGrad(() => {
          for (const [name, target] of Object.entries(tensors)) {
            const source = before?.tensors[name];
            if (source !== undefined) inPlace.copy(target, source);
          }
        });
        const sample = samplingBy(drawn);
        return {
          population: 1,
          // The likeliest first: what is kept is never worse than that.
          propose: (members) =>
            scope(() => noGrad(() => taught.decide(members.length === 0 ? likeliest : sample).genotypes)),
          tensors,
        };
      },
    }),
});

/**
 * Searches that run whole architectures on shared weights, instead of weighing operations: docs/methods.md has the
 * equation and the source of each.
 */
export const populations: readonly Experiment[] = [randomSearch, evolution, reinforced];
