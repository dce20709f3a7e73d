import {
  assumedPrior,
  controller,
  controllerTensors,
  drawn,
  enas,
  likeliest,
  nextCandidate,
  type Scored,
  samplingBy,
} from '../learn/index.js';
import { requireLogits } from '../loss/index.js';
import { constant } from '../schedule/index.js';
import { type Genotypes, mutated, randomArchitecture } from '../space/index.js';
import { inPlace, noGrad, scope } from '../tensor/index.js';
import { define, type Experiment, type Scale, type Values } from './experiment.js';
import { refusedOfPopulations } from './method-rules.js';
import { type EvolutionOptions, enasOptions, evolutionOptions, populationOptions } from './population-options.js';
import { type Head, planOf, USUAL_BRANCHES } from './population-plan.js';
import { paperSettings } from './recipes.js';
import { searchScales } from './search.js';

const { epochs, batchSize, steps, channels, layers, nodes, momentum, weightDecay, gradClip } = paperSettings;
const { loss, classifier, weightLr: rate, weightLrMin, space, augment, sampling } = paperSettings;
const usual: Values = {
  ...{ epochs, batchSize, steps, channels, layers, nodes, momentum, weightDecay, gradClip },
  ...{ loss, classifier, weightLr: rate, weightLrMin, space, augment, sampling },
  ...{ ...USUAL_BRANCHES, bilateral: false },
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

/** How a new classifier is trained: at the rate of a second stage, by a loss that weighs rare classes more. */
const HEAD: Values = { headLr: 0.1, headLoss: 'class-balanced' };

/** Of a step of training. A candidate costs about as much as its validation batches. */
const SINGLE_PATH = { step: 0.13, memory: 0.4 } as const;

const shared = { kind: 'search', refused: refusedOfPopulations, implied: ofBranches } as const;

/** Random search with weight sharing (Li & Talwalkar 2019): the best of many architectures that are drawn uniformly. */
const randomSearch = define({
  ...shared,
  name: 'random-ws',
  label: 'Random search with weight sharing',
  about: 'a control: random architectures, shared weights',
  cost: SINGLE_PATH,
  options: populationOptions,
  defaults: usual,
  scales,
  plan: (o) =>
    planOf(o, {
      label: 'Random search with weight sharing',
      strategy: ({ places }) => ({ population: 0, propose: () => randomArchitecture(places, drawn) }),
    }),
});

const headOf = ({ headEpochs, headLr, headLoss, bilateral, classifier }: EvolutionOptions): Head | undefined => {
  if (headEpochs === 0) return undefined;
  if (bilateral)
    throw new RangeError(
      'Cannot use --head-epochs with --bilateral: the features of two branches end in cells of their own, so there ' +
        'is no classifier alone to train; use --head-epochs 0',
    );
  if (classifier.cosines?.fixed)
    throw new RangeError(
      `Cannot use --head-epochs with --classifier ${classifier.label}: it is fixed, so there is nothing to train; ` +
        'use linear or cosine',
    );
  requireLogits(headLoss, classifier);
  return { epochs: headEpochs, lr: headLr, loss: headLoss };
};

/** Regularised evolution (Real et al. 2019) on shared weights, with so many epochs of adaptation after it. */
const evolved = (
  own: Pick<Experiment, 'name' | 'label' | 'about'>,
  headEpochs: Readonly<Record<Scale, number>> = { smoke: 0, small: 0, paper: 0 },
): Experiment =>
  define({
    ...shared,
    ...own,
    cost: SINGLE_PATH,
    options: evolutionOptions,
    defaults: { ...usual, ...HEAD, population: 50, tournament: 10, headEpochs: headEpochs.paper },
    scales: scalesWith({
      smoke: { candidates: 20, population: 8, tournament: 3, headEpochs: headEpochs.smoke },
      small: { candidates: 200, headEpochs: headEpochs.small },
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
        head: headOf(o),
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
  cost: { step: 0.14, memory: 0.41 },
  options: enasOptions,
  defaults: { ...usual, candidates: 100, controllerLr: 0.0035, entropyWeight: 1e-4 },
  scales: scalesWith({ smoke: { candidates: 10 }, small: { candidates: 50 }, paper: {} }),
  plan: (o) =>
    planOf(o, {
      label: 'ENAS',
      validates: true,
      knobs: { controllerLr: constant(o.controllerLr) },
      train: (built, streams, { counts, profiler }) => {
        const assumes = assumedPrior({ streams, loss: o.loss, counts, augment: o.augment.label });
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
export const populations: readonly Experiment[] = [
  randomSearch,
  evolved({ name: 'evolution', label: 'Regularised evolution', about: 'changes good architectures step by step' }),
  reinforced,
  evolved(
    { name: 'imb-nas', label: 'IMB-NAS', about: 'long tails: adapts a search on balanced images' },
    { smoke: 1, small: 2, paper: 10 },
  ),
];
