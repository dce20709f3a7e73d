import {
  assumedPrior,
  bilateralObjective,
  type Context,
  darts,
  type Objective,
  plainObjective,
  type StreamSpec,
} from '../learn/index.js';
import type { Phase } from '../loop/index.js';
import { type Criterion, requireLogits } from '../loss/index.js';
import { BACKBONE, bilateralNetwork, HEADS, type Supernet, searchNetwork } from '../net/index.js';
import { constant, cosine, type FreezeForm, product, type Schedule, softFreeze, step } from '../schedule/index.js';
import { type Cost, define, type Experiment, type Plan, type Scale, type Values } from './experiment.js';
import { methodNotices, refusedOfPlain, requireCompatible } from './method-rules.js';
import { classHeadNotice, correctedTwice, corrects, risingNotice, TWICE } from './reweighting.js';
import {
  type BilateralOptions,
  bilateralOptions,
  hlsOptions,
  plainOptions,
  type SearchOptions,
} from './search-options.js';
import { type SearchShape, searchPhases } from './stages.js';
import { stopFor } from './stop.js';

/** A row: what an experiment is called, and what it has other than the rest. */
export interface Row {
  readonly name: string;
  readonly label: string;
  readonly about?: string;
  readonly cost?: Cost;
  readonly paper?: number | null;
  readonly defaults: Values;
  /** Sizes at a scale that differ from those of other searches. */
  readonly sizes?: Partial<Record<Scale, Values>>;
}

/**
 * What may follow a search: the same network trained on under another mixing, with some components frozen (paper,
 * section V-D).
 */
export interface Continuation {
  readonly name: string;
  /** Its epochs, as a share of the search's. */
  readonly share: number;
  readonly mixing: Schedule;
  readonly frozen?: readonly string[];
}

/** What each scale is of, for a search of one phase. */
export const searchScales: Readonly<Record<Scale, Values>> = {
  /** Minutes on two cores: shows that everything works. */
  smoke: { epochs: 2, batchSize: 64, channels: 4, layers: 3, nodes: 2 },
  /**
   * Twenty minutes to an hour with one thread: nearly as many steps as the paper's 50 epochs, past the steep part of
   * the curves.
   */
  small: { epochs: 10, batchSize: 32, channels: 8, layers: 4, nodes: 2 },
  /** The paper's own sizes. */
  paper: {},
};

/** A row as `define` takes it. */
const factsOf = ({ sizes = {}, ...row }: Row) => ({
  ...row,
  scales: {
    smoke: { ...searchScales.smoke, ...sizes.smoke },
    small: { ...searchScales.small, ...sizes.small },
    paper: { ...searchScales.paper, ...sizes.paper },
  },
});

/** The streams of the weights' batches, then those of alpha's, if it has its own. */
const streamsFor = (
  { archData, archSampling }: SearchOptions,
  samplings: readonly StreamSpec['sampling'][],
): StreamSpec[] => [
  ...samplings.map((sampling) => ({ part: 'train', sampling }) as const),
  ...(archData === 'train' ? [] : samplings).map(
    (sampling) => ({ part: 'valid', sampling: archSampling === 'same' ? sampling : archSampling }) as const,
  ),
];

/** The schedule of what a search does without. */
const NONE = 'constant(0)';

/** What the network's choice of operations is made of. */
const choiceOf = ({ relax, selector, partial, auxiliarySkip }: SearchOptions, { space, projection }: SearchShape) => ({
  space,
  relaxation: relax,
  selector,
  ...(projection && { projection }),
  edges: { partial, auxiliarySkip: auxiliarySkip.label !== NONE },
});

/** The schedules of the method that are in use: a run records no others. */
const methodKnobs = ({
  relax,
  temperature,
  perturbation,
  auxiliarySkip,
  archWarmup,
}: SearchOptions): Phase['knobs'] => ({
  ...(temperature.label === 'constant(1)' || !relax.knobs?.includes('temperature') ? {} : { temperature }),
  ...(perturbation.label === NONE ? {} : { perturbation }),
  ...(auxiliarySkip.label === NONE ? {} : { auxiliarySkip }),
  ...(archWarmup === 0 ? {} : { archWait: step(archWarmup, 1, 0) }),
});

/** What a learner has of its run. */
const learningFrom = ({ profiler, sample, group }: Context) => ({ profiler, sample, group });

/** What to know where alpha's loss and its batches both correct the imbalance, and one of them is alpha's own. */
const alphaCorrectedTwice = (o: SearchOptions & { readonly sampling: string }): string[] => {
  const own = o.archLoss.loss ?? o.loss;
  const same = o.archSampling === 'same';
  const batches = same ? o.sampling : o.archSampling;
  if ((same && o.archLoss.loss === undefined) || batches === 'instance' || !corrects(own)) return [];
  const loss = `${o.archLoss.loss === undefined ? '--loss' : '--arch-loss'} ${own.label}`;
  return [`for alpha ${loss} and ${same ? '--sampling' : '--arch-sampling'} ${batches} ${TWICE}`];
};

/** What the weights and alpha minimise. */
const objectivesOf = (
  { loss, archLoss }: SearchOptions,
  { net, context, of }: { net: Supernet; context: Context; of: (criterion: Criterion) => Objective },
) => ({
  objective: of(loss.build(context.counts, net)),
  archObjective: archLoss.loss && of(archLoss.loss.build(context.counts, net)),
});

/** What all searches say of themselves. Throws a RangeError where options do not go together. */
const common = (o: SearchOptions) => {
  const { batchSize, steps, augment, space, loss, archLoss, classifier } = o;
  for (const own of [loss, archLoss.loss ?? loss]) requireLogits(own, classifier);
  requireCompatible(o);
  return {
    batchSize,
    steps,
    augment: augment.label,
    space: { name: space.name, primitives: space.primitives.map(({ name }) => name) },
  };
};

export const weightLr = (options: Pick<SearchOptions, 'weightLr' | 'weightLrMin'>): Schedule =>
  cosine(options.weightLr, options.weightLrMin);

/** What to know of the rate of the weights. */
export const weightLrNotice = (o: Pick<SearchOptions, 'weightLr' | 'weightLrMin'>): string[] =>
  risingNotice({ from: o.weightLr, to: o.weightLrMin }, 'weightLr');

/**
 * DARTS: one network, one stream. `sampling: 'class'` draws every class equally often (the paper's re-sampling row, eq
 * 12).
 */
export const plainSearch = (row: Row): Experiment =>
  define({
    kind: 'search',
    ...factsOf(row),
    options: plainOptions,
    refused: refusedOfPlain,
    plan: (o) => {
      const streams = streamsFor(o, [o.sampling]);
      const phases = searchPhases(o, {
        streams,
        knobs: { weightLr: weightLr(o), [`archLr.${BACKBONE}`]: constant(o.archLr), ...methodKnobs(o) },
        stop: stopFor(o.stop, o.space),
        build: (context, shape) => {
          const net = searchNetwork({ ...o, ...context, layers: shape.layers }, choiceOf(o, shape));
          const objectives = objectivesOf(o, { net, context, of: (criterion) => plainObjective(net, criterion) });
          const assumes = assumedPrior({ streams, loss: o.loss, counts: context.counts, augment: o.augment.label });
          return { net, learner: darts({ ...o, net, ...objectives, streams, assumes, ...learningFrom(context) }) };
        },
      });
      return {
        ...common(o),
        method: o.sampling === 'instance' ? 'DARTS' : `DARTS, ${o.sampling} sampling`,
        streams,
        phases,
        notices: [
          ...correctedTwice({ ...o, bilateral: false }),
          ...alphaCorrectedTwice(o),
          ...weightLrNotice(o),
          ...methodNotices(o),
        ],
      };
    },
  });

/**
 * The phases of a bilateral search: the search, and what follows it. `factor` scales the rate of the backbone's alpha.
 */
const bilateralPlan = (
  o: BilateralOptions,
  {
    method,
    continued,
    factor,
  }: { method: string; continued: readonly Continuation[]; factor?: (mixing: Schedule) => Schedule },
): Omit<Plan, 'experiment' | 'values' | 'network'> => {
  const streams = streamsFor(o, ['instance', o.sampling]);
  const base = constant(o.archLr);
  // What belongs to the beginning of a search does not begin again when it goes on.
  const held = Object.fromEntries(
    Object.entries(methodKnobs(o)).map(([name, schedule]) => [
      name,
      constant(schedule(Math.max(0, o.epochs - 1) / Math.max(1, o.epochs))),
    ]),
  );
  const knobs = (mixing: Schedule, method: Phase['knobs'] = methodKnobs(o)): Phase['knobs'] => ({
    weightLr: weightLr(o),
    [`archLr.${BACKBONE}`]: factor === undefined ? base : product(base, factor(mixing)),
    ...Object.fromEntries(HEADS.map((head) => [`archLr.${head}`, base])),
    mixing,
    ...method,
  });
  const search = searchPhases(o, {
    streams,
    knobs: knobs(o.mixing),
    stop: stopFor(o.stop, o.space),
    build: (context, shape) => {
      const { bnScope, logitScale } = o;
      const sizes = { ...o, ...context, layers: shape.layers };
      const net = bilateralNetwork(sizes, { ...choiceOf(o, shape), bnScope, logitScale });
      const objectives = objectivesOf(o, { net, context, of: (criterion) => bilateralObjective(net, criterion) });
      const assumes = assumedPrior({ streams, loss: o.loss, counts: context.counts, augment: o.augment.label });
      return { net, learner: darts({ ...o, net, ...objectives, streams, assumes, ...learningFrom(context) }) };
    },
  });
  const phases = [
    ...search,
    ...continued.map(({ name, share, mixing, frozen = [] }) => ({
      name,
      epochs: Math.max(1, Math.round(share * o.epochs)),
      knobs: knobs(mixing, held),
      frozen,
    })),
  ];
  return {
    ...common(o),
    method: `${method}, ${o.mixing.label}`,
    streams,
    phases,
    notices: [
      ...classHeadNotice(phases.map(({ epochs, knobs }) => ({ epochs, mixing: knobs['mixing'] }))),
      ...correctedTwice({ ...o, bilateral: true }),
      ...alphaCorrectedTwice(o),
      ...weightLrNotice(o),
      ...methodNotices(o),
    ],
  };
};

/**
 * DARTS joined with a bilateral-branch network (paper, section III): an instance and a class batch, mixed logits z = m
 * z_I + (1 − m) z_C and the loss mixed alike (eq 10).
 */
export const bilateralSearch = (
  row: Row,
  { continued = [] }: { continued?: readonly Continuation[] } = {},
): Experiment =>
  define({
    kind: 'search',
    ...factsOf(row),
    options: bilateralOptions,
    plan: (o) => bilateralPlan(o, { method: 'DARTS + BBN', continued }),
  });

const eq17 =
  (form: FreezeForm) =>
  (mixing: Schedule): Schedule =>
    softFreeze(mixing, { form });

/**
 * The paper's contribution, whole: the bilateral search whose backbone freezes its architecture softly, by the mixing
 * itself (eq 17).
 */
export const hlsSearch = (row: Row, { continued = [] }: { continued?: readonly Continuation[] } = {}): Experiment =>
  define({
    kind: 'search',
    ...factsOf(row),
    options: hlsOptions,
    plan: (o) => bilateralPlan(o, { method: 'HLS', continued, factor: eq17(o.freeze) }),
  });
