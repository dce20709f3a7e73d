import { z } from 'zod';
import { expandAugment, MIX_RATE, parseAugment, takesCutout, withCutout } from '../augment/index.js';
import { samplings } from '../data/index.js';
import {
  assumedPrior,
  bilateralObjective,
  type Context,
  type Objective,
  plainObjective,
  type StreamSpec,
  supervised,
} from '../learn/index.js';
import type { Phase } from '../loop/index.js';
import { type Criterion, type Loss, requireLogits } from '../loss/index.js';
import {
  BACKBONE,
  cellKinds,
  type DerivedNet,
  derivedBilateralNetwork,
  derivedNetwork,
  HEADS,
  type Model,
  models,
  type NetShape,
} from '../net/index.js';
import { constant, cosine, line, product, requireFraction, requireMixing, schedules } from '../schedule/index.js';
import { add, mul } from '../tensor/index.js';
import { checkStage, requireFitForStage, stageOptions, stagePhases, stageWords } from './classifier-stage.js';
import { define, type Experiment, type Values } from './experiment.js';
import { augmentOption, isSize, LARGEST, LEARNING, learningOptions, rate } from './learning-options.js';
import { methodOf, type Network, noticesOf, trained } from './network-cells.js';
import { ofBranches, requireKinds, withoutCells } from './network-options.js';
import { isOn, kebab, labelOf, numberIn, oneOf, option } from './option.js';
import { classHeadNotice, correctionNotices, isIdle, reweightOptions, risingNotice, weighing } from './reweighting.js';
import { ALWAYS, ofRecipe, recipeNotice, recipeOption, unsetting } from './train-recipes.js';
import { CELLS, DARTS, RESNET, RESNETS } from './train-sizes.js';

const NETWORK = 'Network';
export const TRAIN_PHASE = 'train';

/** The options of training a network from scratch. */
export const trainOptions = z.object({
  ...recipeOption,
  ...learningOptions,
  ...reweightOptions,
  lr: rate('first learning rate; it falls on half a cosine unless said'),
  lrMin: rate('where the cosine ends'),
  lrSchedule: option(
    {
      value: '<schedule>',
      help: 'what --lr is multiplied with over training, e.g. "step(0.8, 1, 0.01) × step(0.9, 1, 0.01)"',
      group: LEARNING,
    },
    (value) => requireFraction(labelOf(schedules)(value), 'Cannot schedule the learning rate: its factor'),
  ),
  cutout: option(
    {
      value: '<side>',
      help: 'side of the square cut out of each training image, in pixels; 0 for none',
      group: LEARNING,
    },
    numberIn({ least: 0, whole: true }),
  ),
  channels: isSize('n', 'channels of the first cell, or the width of a ResNet', numberIn({ least: 1, whole: true })),
  layers: isSize('n', 'cells', numberIn({ least: 1, whole: true })),
  dropPath: option(
    { value: '<p>', help: 'largest probability of dropping an operation; it rises from 0', group: NETWORK },
    numberIn({ least: 0, below: 1 }),
  ),
  auxiliary: option(
    {
      value: '<weight>',
      help: "weight of the auxiliary head's loss; 0 for none, as with --bilateral",
      group: NETWORK,
    },
    numberIn({ least: 0 }),
  ),
  bilateral: option({ help: 'train backbone and both heads by cumulative learning', group: NETWORK }, isOn),
  mixing: option(
    { value: '<schedule>', help: 'with --bilateral: weight of the instance branch in the loss', group: NETWORK },
    (value) => requireMixing(labelOf(schedules)(value)),
  ),
  sampling: option(
    {
      value: '<how>',
      help: `how batches are drawn, with --bilateral those of the class head: ${samplings.join(', ')}`,
      group: LEARNING,
    },
    oneOf(samplings),
  ),
  augment: augmentOption,
  mixRate: option(
    {
      value: '<schedule>',
      help: 'share of batches that mixup, remix, cutmix or cmo change, over training, e.g. "between(0.02, 0.985)"',
      group: LEARNING,
    },
    (value) => requireFraction(labelOf(schedules)(value), 'Cannot mix images: the mix rate'),
  ),
  sam: option(
    {
      value: '<rho>',
      help: 'sharpness-aware minimisation in training: gradient at distance rho uphill, twice the time; 0: none',
      group: LEARNING,
    },
    numberIn({ least: 0, most: LARGEST }),
  ),
  ...stageOptions,
});
type TrainOptions = z.infer<typeof trainOptions>;

const [, CLASS_HEAD] = HEADS;

/** The network of a plan, and what its training minimises. */
const build = (
  { name, genotypes }: Network,
  { o, shape, counts, loss }: { o: TrainOptions; shape: NetShape; counts: readonly number[]; loss: Loss },
): { model: Model; objective: Objective } => {
  if (genotypes === null) {
    const model = models.read(name)(shape);
    if (o.classifier.cosines !== undefined && model.cosines === undefined)
      throw new RangeError(
        `Cannot train ${name} with --classifier ${o.classifier.label}: its network has a last layer of its own; ` +
          'leave it out',
      );
    return { model, objective: plainObjective(model, loss.build(counts, model)) };
  }
  if (o.bilateral) {
    const model = derivedBilateralNetwork(shape, { genotypes });
    return { model, objective: bilateralObjective(model, loss.build(counts, model)) };
  }
  const model = derivedNetwork(shape, {
    genotype: genotypes[BACKBONE] ?? {},
    head: genotypes[CLASS_HEAD],
    auxiliary: o.auxiliary > 0,
  });
  return { model, objective: withAuxiliary(model, { criterion: loss.build(counts, model), weight: o.auxiliary }) };
};

/** The loss of a derived network, and of its auxiliary head times a weight. */
const withAuxiliary =
  (model: DerivedNet, { criterion, weight }: { criterion: Criterion; weight: number }): Objective =>
  ([batch], pass) => {
    if (batch === undefined) throw new Error('Cannot run step: it needs one batch, got none');
    const { logits, auxiliary } = model.trained(batch.images, pass);
    const own = criterion(logits, batch.targets, pass);
    const loss = auxiliary === undefined ? own : add(own, mul(criterion(auxiliary, batch.targets, pass), weight));
    return { loss, logits, targets: batch.targets };
  };

/** An augmentation that is written out has its own cutout, or none. */
const ofAugment = ({ augment }: Values): Values =>
  augment === undefined || takesCutout(String(augment)) ? {} : { cutout: 0 };

/** Whether an augmentation as it is written, perhaps with `default` in it, mixes images. */
const mixes = (label: string): boolean => parseAugment(expandAugment(label, { usual: 'none' })).mixes === true;

/**
 * Training of a network from scratch, as DARTS evaluates a cell; ResNets with the sizes and rates that the long-tail
 * literature trains them with, but with DARTS' clipping and no warm-up.
 * `what` is how errors call the network: the run or file that it is from.
 */
export const training = (network: Network, { what = network.name }: { what?: string } = {}): Experiment => {
  const { name, genotypes } = network;
  const nodes = genotypes?.[BACKBONE]?.normal?.nodes.length ?? 1;
  const fail = (name: string, rule: string, way = 'leave it out'): never => {
    throw new RangeError(`Cannot train ${what} with --${kebab(name)}: ${rule}; ${way}`);
  };
  const experiment = define({
    kind: 'train',
    name: `train-${name.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '')}`,
    label: name,
    options: trainOptions,
    defaults: genotypes === null ? { ...DARTS, ...RESNET, dropPath: 0, auxiliary: 0 } : DARTS,
    implied: (values) => ({ ...ofRecipe(values), ...ofBranches(values), ...ofAugment(values) }),
    scales: genotypes === null ? RESNETS : CELLS,
    plan: (o, given) => {
      const refuse = (name: string, rule: string): never =>
        fail(name, rule, given.has(name) ? undefined : unsetting(o.recipe, name));
      if (o.bilateral && HEADS.some((head) => genotypes?.[head] === undefined))
        throw new RangeError(
          `Cannot train ${what} with --bilateral: it must have the heads ${HEADS.join(' and ')}; ` +
            'train what a bilateral search such as hls found, or leave it out',
        );
      if (genotypes === null)
        models.read(name); // an unknown one is refused now, not when it is built
      else requireKinds(genotypes, { kinds: cellKinds(o.layers), layers: o.layers, what });
      if (!o.bilateral && o.mixing.label !== DARTS['mixing']) refuse('mixing', 'only --bilateral mixes two branches');
      const mixRate = o.mixRate.label === ALWAYS ? {} : { [MIX_RATE]: o.mixRate };
      if (MIX_RATE in mixRate && !mixes(o.augment.label))
        refuse('mixRate', `only mixup, remix, cutmix and cmo mix images, --augment is "${o.augment.label}"`);
      const falls = o.lrSchedule.label === DARTS['lrSchedule'];
      if (!falls && o.lrMin > 0) refuse('lrMin', 'the schedule of --lr-schedule says where the rate ends');
      checkStage(o, refuse);
      requireLogits(o.loss, o.classifier);
      const { loss, knobs } = weighing(o);
      const shapeOf = (context: Context): NetShape => {
        const { channels, layers, classifier } = o;
        return { channels, layers, nodes, classifier, ...context };
      };
      if (o.bilateral && o.auxiliary > 0) refuse('auxiliary', 'a network of two branches has no auxiliary head');
      const streams: StreamSpec[] = [
        ...(o.bilateral ? [{ part: 'train' as const, sampling: 'instance' as const }] : []),
        { part: 'train', sampling: o.sampling },
      ];
      const phase: Phase = {
        name: TRAIN_PHASE,
        epochs: o.epochs,
        knobs: {
          weightLr: falls ? cosine(o.lr, o.lrMin) : product(constant(o.lr), o.lrSchedule),
          ...(o.dropPath > 0 ? { dropPath: line(0, o.dropPath) } : {}),
          ...(o.bilateral ? { mixing: o.mixing } : {}),
          ...mixRate,
          ...knobs,
        },
        start: (context) => {
          const { counts, validates } = context;
          const { model, objective } = build(network, { o, shape: shapeOf(context), counts, loss });
          requireFitForStage(o, { model, validates });
          return supervised({
            ...o,
            model,
            objective,
            streams,
            genotypes: trained(network, o),
            assumes: assumedPrior({ streams, loss, counts, augment: o.augment.label }),
            profiler: context.profiler,
            group: context.group,
          });
        },
      };
      const stage = stagePhases(o, {
        ...o,
        genotypes: trained(network, o),
        shape: shapeOf,
        // The classifier is fitted to images as they are.
        knobs: mixes(o.augment.label) ? { [MIX_RATE]: constant(0) } : {},
        // The auxiliary head has done its work.
        build: (shape, counts) => build(network, { o: { ...o, auxiliary: 0 }, shape, counts, loss }).model,
      });
      return {
        batchSize: o.batchSize,
        steps: o.steps,
        augment: o.cutout > 0 ? withCutout(o.augment.label, o.cutout) : o.augment.label,
        method: methodOf(network, o) + stageWords(o),
        streams,
        space: null,
        notices: [
          ...noticesOf(network, o),
          recipeNotice(o.recipe, o, ofBranches({ bilateral: o.bilateral })),
          ...correctionNotices(o),
          ...risingNotice({ from: o.lr, to: o.lrMin }, 'lr'),
          ...(o.lr === 0 ? ['--lr is 0: no weight moves in the training'] : []),
          ...(o.classifierStage > 0 && o.stageLr === 0 ? ['--stage-lr is 0: the stage trains nothing'] : []),
          ...(o.bilateral ? classHeadNotice([{ epochs: o.epochs, mixing: o.mixing }]) : []),
          ...(isIdle(o.mixRate, o.epochs)
            ? [`--mix-rate "${o.mixRate.label}" is 0 in every epoch: nothing is mixed; take another, or more --epochs`]
            : []),
        ],
        network: { ...network },
        phases: [phase, ...stage],
      };
    },
  });
  const ofCells = (option: string): never => fail(option, 'only a network of cells has it');
  return genotypes === null ? withoutCells(experiment, ofCells) : experiment;
};
