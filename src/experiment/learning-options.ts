import { augments, expandAugment } from '../augment/index.js';
import { parseLabels, spell } from '../label/index.js';
import { losses } from '../loss/index.js';
import { classifiers } from '../net/index.js';
import type { Scalar } from '../run/index.js';
import { labelOf, numberIn, option } from './option.js';

export const LEARNING = 'Learning';
export const SIZE = 'Size';

/** An option that says how large a run is. */
export const isSize = (value: string, help: string, read: (value: Scalar) => number) =>
  option({ value: `<${value}>`, help, group: SIZE, size: true }, read);

/** Above it, numbers would not fit into float32. */
export const LARGEST = 1e38;

export const rate = (help: string) =>
  option({ value: '<n>', help, group: LEARNING }, numberIn({ least: 0, most: LARGEST }));

/** What all learning with gradients has, searches and trainings alike. */
export const learningOptions = {
  epochs: isSize('n', 'passes over the training images', numberIn({ least: 1, whole: true })),
  batchSize: isSize('n', 'images per step and stream', numberIn({ least: 1, whole: true })),
  steps: isSize(
    'n',
    'steps per epoch; 0: until all training images were drawn once',
    numberIn({ least: 0, whole: true }),
  ),
  momentum: option(
    { value: '<n>', help: 'momentum of the weights', group: LEARNING },
    numberIn({ least: 0, below: 1 }),
  ),
  weightDecay: rate('L2 decay of the weights'),
  gradClip: option(
    { value: '<n>', help: "largest norm of the weights' gradient", group: LEARNING },
    numberIn({ above: 0 }),
  ),
  loss: option(
    { value: '<loss>', help: `what training minimises: ${losses.usages().join(', ')}`, group: LEARNING },
    labelOf(losses),
  ),
  classifier: option(
    {
      value: '<kind>',
      help: `the last layer: ${classifiers.usages().join(', ')}; cosines are unit-norm, etf is fixed`,
      group: LEARNING,
    },
    labelOf(classifiers),
  ),
};

/** How training images are changed: a pipeline such as `crop(4) + flip`, or `default` for the data set's own. */
export const augmentOption = option(
  {
    value: '<steps>',
    help:
      'how training images are changed, e.g. "crop(4) + flip + mixup(1)"; steps are default, none, ' +
      augments.usages().join(', '),
    group: LEARNING,
  },
  (value) => {
    const text = String(value);
    expandAugment(text, { usual: 'none' }); // throws on what is no augmentation
    return { label: parseLabels(text, augments).map(spell).join(' + ') };
  },
);
