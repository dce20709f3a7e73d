import type { z } from 'zod';
import { samplings } from '../data/index.js';
import { losses } from '../loss/index.js';
import { isSize, LARGEST } from './learning-options.js';
import { isOn, labelOf, numberIn, oneOf, option } from './option.js';
import { bilateralOptions } from './search-options.js';

const POPULATION = 'Search among whole architectures';
const ADAPTATION = 'Adaptation to long-tailed images, after the search';

/** The options that every search among whole architectures has: what it shares with other searches, and its own. */
export const populationOptions = bilateralOptions
  .pick({
    epochs: true,
    batchSize: true,
    steps: true,
    channels: true,
    layers: true,
    nodes: true,
    momentum: true,
    weightDecay: true,
    gradClip: true,
    loss: true,
    classifier: true,
    weightLr: true,
    weightLrMin: true,
    space: true,
    augment: true,
    sampling: true,
    mixing: true,
    bnScope: true,
    logitScale: true,
  })
  .extend({
    bilateral: option(
      { help: 'search a network of two branches, each with a head and cells of its own', group: POPULATION },
      isOn,
    ),
    candidates: isSize(
      'n',
      'architectures that are evaluated on validation images, after the shared weights are trained',
      numberIn({ least: 1, whole: true }),
    ),
    candidateBatches: option(
      { value: '<n>', help: 'validation batches per architecture, the same for all', group: POPULATION },
      numberIn({ least: 1, whole: true }),
    ),
    candidateSampling: option(
      {
        value: '<how>',
        help: `how these batches are drawn: same (as the weights'), ${samplings.join(', ')}`,
        group: POPULATION,
      },
      oneOf(['same', ...samplings]),
    ),
  });
export type PopulationOptions = z.infer<typeof populationOptions>;

export const evolutionOptions = populationOptions.extend({
  population: isSize('n', 'size of the population in evolution', numberIn({ least: 1, whole: true })),
  tournament: isSize(
    'n',
    'architectures that are drawn, with replacement, to find a parent',
    numberIn({ least: 1, whole: true }),
  ),
  headEpochs: option(
    {
      value: '<epochs>',
      help: 'after the search, epochs of a new classifier on frozen features; then a second selection; 0 for none',
      group: ADAPTATION,
      size: true,
      later: true,
    },
    numberIn({ least: 0, whole: true }),
  ),
  headLr: option(
    {
      value: '<n>',
      help: 'first learning rate of that classifier; it falls to 0 on half a cosine',
      group: ADAPTATION,
      later: true,
    },
    numberIn({ least: 0, most: LARGEST }),
  ),
  headLoss: option(
    { value: '<loss>', help: 'what it minimises: a loss as for --loss', group: ADAPTATION, later: true },
    labelOf(losses),
  ),
});
export type EvolutionOptions = z.infer<typeof evolutionOptions>;

export const enasOptions = populationOptions.extend({
  controllerLr: option(
    { value: '<n>', help: 'learning rate of the controller', group: POPULATION },
    numberIn({ least: 0, most: LARGEST }),
  ),
  entropyWeight: option(
    { value: '<n>', help: "weight of the decisions' entropy (in nats) in the controller's reward", group: POPULATION },
    numberIn({ least: 0 }),
  ),
});
