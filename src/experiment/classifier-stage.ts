import { z } from 'zod';
import { assumedPrior, plainObjective, type StreamSpec, settled, supervised, UnfitError } from '../learn/index.js';
import type { Phase } from '../loop/index.js';
import { losses, requireLogits } from '../loss/index.js';
import { AUXILIARY, BACKBONE, CLASSIFIER, type Classifier, type Model, type NetShape, SCALE } from '../net/index.js';
import { takeOver } from '../nn/index.js';
import { cosine } from '../schedule/index.js';
import type { Genotypes } from '../space/index.js';
import { classifierMethods } from './classifier-methods.js';
import type { Values } from './experiment.js';
import { LARGEST } from './learning-options.js';
import { labelOf, numberIn, option } from './option.js';

export const CLASSIFIER_PHASE = 'classifier';
const STAGE = 'Classifier stage, after the training';

/** The options of a second stage; momentum, decay, clipping and batches are those of the training. */
export const stageOptions = {
  classifierStage: option(
    {
      value: '<epochs>',
      help: 'epochs of the classifier alone, on frozen features and class-balanced batches; 0 for none',
      group: STAGE,
    },
    numberIn({ least: 0, whole: true }),
  ),
  stage: option(
    {
      value: '<method>',
      help:
        'crt: a new classifier; lws: a learned factor per class, lws(0.5): also the classifier, at half the rate; ' +
        'tau(t): weights / norm^t without bias, no epochs; tau: the t that is best on the validation images',
      group: STAGE,
    },
    labelOf(classifierMethods),
  ),
  stageLr: option(
    { value: '<n>', help: 'first learning rate of the stage; it falls to 0 on half a cosine', group: STAGE },
    numberIn({ least: 0, most: LARGEST }),
  ),
  stageLoss: option(
    { value: '<loss>', help: 'what the stage minimises: a loss as for --loss', group: STAGE },
    labelOf(losses),
  ),
};
const options = z.object(stageOptions);
type StageOptions = z.infer<typeof options>;

/** No stage. Its rate is that of MiSLAS on long-tailed CIFAR; public cRT has 0.2 at batches of 512. */
export const NO_STAGE = {
  classifierStage: 0,
  stage: 'crt',
  stageLr: 0.1,
  stageLoss: 'cross-entropy',
} as const satisfies Values;

/** Every class equally often: what all methods of a second stage have in common. */
const STREAMS: readonly StreamSpec[] = [{ part: 'train', sampling: 'class' }];

/** The classifier is fitted to images that no augmentation mixes. */
const UNMIXED = 'none';

/** Dividing weights by their norms is a heuristic: which class prior the logits assume then is not known. */
const unknown = (): undefined => undefined;

const trains = ({ stage }: StageOptions): boolean => Object.keys(stage.rates).length > 0;

/** Whether a second stage is asked for: by its epochs, or by a method that takes none. */
export const hasStage = (o: StageOptions): boolean => o.classifierStage > 0 || !trains(o);

/** In words, what comes after the training: nothing without a stage. */
export const stageWords = (o: StageOptions): string => {
  if (!hasStage(o)) return '';
  if (!trains(o)) return `; then its classifier normalised: ${o.stage.label}`;
  return `; then ${o.classifierStage} × its classifier alone: ${o.stage.label}, class sampling, ${o.stageLoss.label}`;
};

/** Throws through `refuse` when options of a stage go together with nothing, or not with the training. */
export const checkStage = (
  o: StageOptions & { readonly bilateral: boolean; readonly classifier: Classifier },
  refuse: (option: keyof StageOptions | 'classifier', rule: string) => void,
): void => {
  const { cosines } = o.classifier;
  if (hasStage(o) && (cosines?.fixed || (cosines !== undefined && !trains(o))))
    refuse('classifier', `${o.stage.label} needs a linear classifier${trains(o) ? ' or one of cosines' : ''}`);
  if (!trains(o) && o.classifierStage > 0)
    refuse('classifierStage', `${o.stage.label} trains nothing and takes no epochs`);
  if (o.bilateral && hasStage(o))
    refuse(trains(o) ? 'classifierStage' : 'stage', 'a network trained with --bilateral has two classifiers');
  const idle = o.classifierStage === 0;
  if (idle && trains(o) && o.stage.label !== NO_STAGE.stage)
    refuse('stage', `${o.stage.label} needs epochs, --classifier-stage has none`);
  if (idle && o.stageLr !== NO_STAGE.stageLr) refuse('stageLr', 'it is the rate of --classifier-stage');
  if (idle && o.stageLoss.label !== NO_STAGE.stageLoss) refuse('stageLoss', 'it is the loss of --classifier-stage');
  if (o.stageLoss.needs === 'fixed cosines')
    refuse('stageLoss', `${o.stageLoss.label} needs a classifier that is not trained, and the stage trains it`);
  if (o.stageLoss.needs === 'cosines' && SCALE in o.stage.rates)
    refuse('stageLoss', `${o.stageLoss.label} needs logits that are cosines, ${o.stage.label} scales them by class`);
  requireLogits(o.stageLoss, o.classifier);
};

/**
 * Before the training, for what would only be found after it. Throws an UnfitError unless the network has a classifier
 * apart from its features, and where a method chooses on validation images that there are not.
 */
export const requireFitForStage = (
  o: StageOptions,
  { model, validates = true }: { readonly model: Model; readonly validates?: boolean | undefined },
): void => {
  if (!hasStage(o)) return;
  const fail = (problem: string): never => {
    model.dispose();
    throw new UnfitError(problem);
  };
  const components = model.store.components.filter((name) => name !== AUXILIARY);
  if (components.toSorted().join() !== [BACKBONE, CLASSIFIER].join())
    fail(
      `Cannot retrain classifier: the network's weights must be in the components ${BACKBONE} and ${CLASSIFIER}, ` +
        `they are in ${components.join(', ')}; leave out --classifier-stage and --stage`,
    );
  if (o.stage.chooses && !validates)
    fail('Cannot choose τ: there must be validation images, there are none; give it, as in --stage "tau(1)"');
};

/** What the training before has that its second stage needs. */
interface Training {
  readonly momentum: number;
  readonly weightDecay: number;
  readonly gradClip: number;
  readonly genotypes: Genotypes;
  /** Knobs of the stage other than its rates. */
  readonly knobs: Phase['knobs'];
  /** Builds the network of the training again as it is tested, without parts that only help training. */
  build(shape: NetShape, counts: readonly number[]): Model;
  shape(context: Parameters<NonNullable<Phase['start']>>[0]): NetShape;
}

/**
 * The phase after the training, none without a stage: its network has the features of the training's, and only the
 * classifier learns. No gradient is computed through the features, and their batch norms use running statistics, which
 * stay.
 */
export const stagePhases = (o: StageOptions, training: Training): Phase[] => {
  if (!hasStage(o)) return [];
  const { stage } = o;
  const others = Object.entries(stage.rates).filter(([, share]) => share !== 1);
  return [
    {
      name: CLASSIFIER_PHASE,
      epochs: o.classifierStage,
      knobs: trains(o)
        ? {
            ...training.knobs,
            weightLr: cosine(o.stageLr, 0),
            ...Object.fromEntries(others.map(([name, share]) => [`weightLr.${name}`, cosine(share * o.stageLr, 0)])),
          }
        : {},
      frozen: trains(o) ? [BACKBONE, CLASSIFIER].filter((name) => !(name in stage.rates)) : [],
      start: (context, { before }) => {
        const { counts, profiler, group } = context;
        const model = stage.network((shape) => training.build(shape, counts), training.shape(context));
        if (before !== undefined) takeOver(model.store, before.model.store, { except: stage.anew ? [CLASSIFIER] : [] });
        const { genotypes } = training;
        if (!trains(o)) return settled({ model, genotypes, assumes: unknown });
        const { stageLoss: loss } = o;
        const assumes = assumedPrior({ streams: STREAMS, loss, counts, augment: UNMIXED });
        const objective = plainObjective(model, loss.build(counts, model));
        const { momentum, weightDecay, gradClip } = training;
        const rule = { momentum, weightDecay, gradClip };
        return supervised({ ...rule, model, objective, streams: STREAMS, genotypes, assumes, profiler, group });
      },
    },
  ];
};
