import { z } from 'zod';
import { samplings } from '../data/index.js';
import { archData } from '../learn/index.js';
import { type Loss, losses } from '../loss/index.js';
import { freezeForms, requireFraction, requireMixing, requirePositive, schedules } from '../schedule/index.js';
import { relaxations, selectors, spaces } from '../space/index.js';
import { augmentOption, isSize, LARGEST, learningOptions, rate } from './learning-options.js';
import { labelOf, numberIn, numbersIn, oneOf, option } from './option.js';
import { stopRules } from './stop.js';

const OPEN = 'What the paper leaves open (see docs/details.md)';
const METHOD = 'Search method';

const ownLoss = (loss: Loss): { readonly label: string; readonly loss?: Loss | undefined } => ({
  label: loss.label,
  loss,
});

/** The options that every search has: sizes, then what the method is made of. */
export const searchOptions = z.object({
  ...learningOptions,
  channels: isSize('n', 'channels of the first cell', numberIn({ least: 1, whole: true })),
  layers: isSize('n', 'cells', numberIn({ least: 1, whole: true })),
  nodes: isSize('n', 'intermediate nodes of a cell', numberIn({ least: 1, whole: true })),
  weightLr: rate('first learning rate of the weights; it falls on half a cosine'),
  weightLrMin: rate('where the cosine ends'),
  order: option(
    { value: '<1|2>', help: "order of the architecture's gradient (paper, eq 9)", group: METHOD },
    (value): 1 | 2 => (oneOf(['1', '2'])(value) === '1' ? 1 : 2),
  ),
  archLr: option({ value: '<n>', help: 'learning rate of alpha', group: OPEN }, numberIn({ least: 0, most: LARGEST })),
  archOptimizer: option({ value: '<rule>', help: 'rule for alpha: adam or sgd', group: OPEN }, oneOf(['adam', 'sgd'])),
  archWeightDecay: rate('L2 decay of alpha'),
  space: option(
    { value: '<space>', help: `the candidate operations: ${spaces.usages().join(', ')}`, group: METHOD },
    labelOf(spaces),
  ),
  relax: option(
    {
      value: '<relaxation>',
      help: `from alpha to the weights of operations: ${relaxations.usages().join(', ')}`,
      group: METHOD,
    },
    labelOf(relaxations),
  ),
  selector: option(
    {
      value: '<rule>',
      help: `which edges and operations a cell keeps: ${selectors.usages().join(', ')}`,
      group: METHOD,
    },
    labelOf(selectors),
  ),
  temperature: option(
    { value: '<schedule>', help: 'temperature of the relaxation, e.g. "linear(10, 0.1)"', group: METHOD },
    (value) => requirePositive(labelOf(schedules)(value), 'Cannot relax alpha: the temperature'),
  ),
  perturbation: option(
    { value: '<schedule>', help: 'how far operation weights are perturbed while the weights train', group: METHOD },
    (value) => requireFraction(labelOf(schedules)(value), 'Cannot perturb operation weights: the perturbation'),
  ),
  partial: option(
    { value: '<k>', help: 'operations run on one in k channels, the others bypass them', group: METHOD },
    numberIn({ least: 1, whole: true }),
  ),
  auxiliarySkip: option(
    {
      value: '<schedule>',
      help: 'weight of an auxiliary skip connection on each edge, which is no candidate',
      group: METHOD,
    },
    (value) => requireFraction(labelOf(schedules)(value), 'Cannot add skip connections: their weight'),
  ),
  archWarmup: option(
    { value: '<share>', help: 'share of the epochs before alpha is trained', group: METHOD },
    numberIn({ least: 0, below: 1 }),
  ),
  archData: option(
    { value: '<part>', help: `images that alpha learns from: ${archData.join(' or ')}`, group: METHOD },
    oneOf(archData),
  ),
  archLoss: option(
    { value: '<loss>', help: 'what alpha minimises: same (as the weights), or a loss as for --loss', group: METHOD },
    (value) => (String(value) === 'same' ? { label: 'same', loss: undefined } : ownLoss(labelOf(losses)(value))),
  ),
  archSampling: option(
    {
      value: '<how>',
      help: `how alpha's batches are drawn: same (as the weights'), ${samplings.join(', ')}`,
      group: METHOD,
    },
    oneOf(['same', ...samplings]),
  ),
  eigenvalue: option(
    {
      value: '<epochs>',
      help: 'epochs between measurements of the sharpness of the loss in alpha; 0: never',
      group: METHOD,
    },
    numberIn({ least: 0, whole: true }),
  ),
  stages: option(
    {
      value: '<list>',
      help: 'cells beyond --layers in each stage, e.g. "0, 6, 12"; stages share the epochs, each with new weights',
      group: METHOD,
      size: true,
    },
    numbersIn({ least: 0, whole: true }),
  ),
  drops: option(
    { value: '<list>', help: 'operations that each edge loses before each stage, e.g. "0, 3, 2"', group: METHOD },
    numbersIn({ least: 0, whole: true }),
  ),
  skipDropout: option(
    {
      value: '<list>',
      help: 'first rate of dropout on skip connections, of the search or of each stage, e.g. "0, 0.4, 0.7"',
      group: METHOD,
    },
    numbersIn({ least: 0, below: 1 }),
  ),
  projection: option(
    {
      value: '<epochs>',
      help:
        'after the search, edge by edge, keep the operation without which accuracy is lowest, and tune for this ' +
        'many epochs; 0: never',
      group: METHOD,
      later: true,
      size: true,
    },
    numberIn({ least: 0, whole: true }),
  ),
  stop: option(
    { value: '<rule>', help: `ends the search before its last epoch: ${stopRules.usages().join(', ')}`, group: METHOD },
    labelOf(stopRules),
  ),
  augment: augmentOption,
});
export type SearchOptions = z.infer<typeof searchOptions>;

/** How the batches of a search with one branch are drawn; in a search with two, those of the second. */
const sampling = (help: string) => option({ value: '<how>', help, group: OPEN }, oneOf(samplings));

export const plainOptions = searchOptions.extend({
  sampling: sampling(`how batches are drawn: ${samplings.join(', ')}`),
});

/** The options of a search with two branches; docs/details.md gives the reason for each default. */
export const bilateralOptions = searchOptions.extend({
  sampling: sampling(`how batches of the second branch are drawn: ${samplings.join(', ')}`),
  mixing: option(
    {
      value: '<schedule>',
      help:
        'weight of the instance branch in the loss, e.g. "reverseSigmoid(10)"; ' + '`tailnas plot schedule` draws it',
      group: OPEN,
    },
    (value) => requireMixing(labelOf(schedules)(value)),
  ),
  bnScope: option(
    { value: '<whose>', help: 'batch statistics of both branches jointly, or perBranch', group: OPEN },
    oneOf(['joint', 'perBranch']),
  ),
  logitScale: option({ value: '<n>', help: 'factor on the mixed logits', group: OPEN }, numberIn({ above: 0 })),
});
export type BilateralOptions = z.infer<typeof bilateralOptions>;

/** The options of HLS: those of its bilateral network, and the form of eq 17. */
export const hlsOptions = bilateralOptions.extend({
  freeze: option(
    { value: '<form>', help: `form of eq 17, on the backbone's alpha: ${freezeForms.join(', ')}`, group: OPEN },
    oneOf(freezeForms),
  ),
});
