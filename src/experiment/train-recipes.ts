import { MIX_RATE } from '../augment/index.js';
import { constant } from '../schedule/index.js';
import { NO_STAGE } from './classifier-stage.js';
import type { Values } from './experiment.js';
import { LEARNING } from './learning-options.js';
import { kebab, oneOf, option, spelled } from './option.js';
import { notReweighted } from './reweighting.js';

/** How often images are mixed, where nothing else is said: every batch. */
export const ALWAYS = constant(1).label;

/** Training without any regard to how many images a class has, as networks are trained on balanced data. */
const PLAIN = {
  loss: 'cross-entropy',
  classifier: 'linear',
  sampling: 'instance',
  augment: 'default',
  [MIX_RATE]: ALWAYS,
  sam: 0,
  ...notReweighted,
  ...NO_STAGE,
} satisfies Values;

/** Ways to train on a long tail: values of options that go together, and what they are known for. */
export interface TrainingRecipe {
  readonly about: string;
  /** What differs from `plain`. */
  readonly values: Values;
}

const DEFERRED = 'step(0.8)';
const MIXED = 'default + mixup(1)';

/** Every training recipe that has a name. */
export const trainingRecipes = {
  plain: { about: 'cross-entropy; for test images as imbalanced as the training images', values: {} },
  'balanced-softmax': {
    about: 'logits corrected by class counts (Ren et al. 2020)',
    values: { loss: 'balanced-softmax' },
  },
  'mixup-drw': {
    about: 'mixup, rare classes weigh more in the last fifth (Cao et al. 2019)',
    values: { augment: MIXED, reweight: DEFERRED },
  },
  'mixup-balanced-softmax': {
    about: 'mixup and balanced softmax',
    values: { augment: MIXED, loss: 'balanced-softmax' },
  },
  crt: {
    about: 'cross-entropy, then a fresh classifier on class-balanced batches (Kang et al. 2020)',
    values: { classifierStage: 10 },
  },
  mislas: {
    about: 'mixup, then a learned scale per class with label-aware smoothing (Zhong et al. 2021)',
    values: {
      augment: MIXED,
      classifierStage: 10,
      stage: 'lws(0.5)',
      stageLoss: 'label-aware-smoothing(0.3, 0)',
    },
  },
  'ldam-drw': {
    about: 'margins by class counts, cosine classifier, deferred weights (Cao et al. 2019)',
    values: { loss: 'ldam', classifier: 'cosine', reweight: DEFERRED },
  },
  'cmo-balanced-softmax': {
    about: 'patches of rare classes in other images, not at start and end (Park et al. 2022), balanced softmax',
    values: { augment: 'default + cmo(1, 0.5)', mixRate: 'between(0.02, 0.985)', loss: 'balanced-softmax' },
  },
} as const satisfies Readonly<Record<string, TrainingRecipe>>;

export type TrainingRecipeName = keyof typeof trainingRecipes;

const isName = (word: string): word is TrainingRecipeName => Object.hasOwn(trainingRecipes, word);
export const trainingRecipeNames: readonly TrainingRecipeName[] = Object.keys(trainingRecipes).filter(isName);

/** The default of `tailnas train`: chosen by measurement, see LOG.md. */
export const USUAL_RECIPE: TrainingRecipeName = 'balanced-softmax';

/**
 * What a training does, by its recipe and what was changed of that. options: as they were read; implied: what they have
 * by default for another reason
 */
export const recipeNotice = (
  name: TrainingRecipeName,
  options: Readonly<Record<string, unknown>>,
  implied: Values = {},
): string => {
  const { about } = trainingRecipes[name];
  const classifierStage = Number(options['classifierStage'] ?? NO_STAGE.classifierStage);
  const all: Values = { ...PLAIN, ...valuesOf(name, { classifierStage }) };
  const changed = Object.entries(all).flatMap(([key, usual]) => {
    const value = implied[key] ?? usual;
    const own = key in options ? spelled(options[key]) : value;
    // A recipe leaves the numbers of a loss or a classifier to its own defaults.
    const same = own === value || String(own).startsWith(`${value}(`);
    return same ? [] : [`--${kebab(key)} ${own}`];
  });
  return changed.length === 0 ? `recipe ${name}: ${about}` : `recipe ${name}, changed by ${changed.join(' ')}`;
};

/** The option that names a recipe. */
export const recipeOption = {
  recipe: option(
    {
      value: '<name>',
      help:
        'named combination of loss, weights, sampling, mixing and second stage: ' +
        `${trainingRecipeNames.join(', ')}; ` +
        'other options change it (see `tailnas recipes`)',
      group: LEARNING,
    },
    oneOf(trainingRecipeNames),
  ),
};

/** Options that correct the imbalance: one that is asked for and the usual recipe's would correct it twice. */
const CORRECTIONS = ['loss', 'classifier', 'sampling', 'reweight', 'classifierStage', 'stage'] as const;

const usual: Values = { ...PLAIN, ...trainingRecipes[USUAL_RECIPE].values };

/** What a recipe sets. Where its second stage is given no epochs, there is none, and none of its options. */
const valuesOf = (name: TrainingRecipeName, { classifierStage }: Values): Values => {
  const { values }: TrainingRecipe = trainingRecipes[name];
  if (classifierStage === undefined || Number(classifierStage) > 0) return values;
  return { ...values, ...NO_STAGE, classifierStage: values['classifierStage'] ?? NO_STAGE.classifierStage };
};

/** What undoes an option that a recipe sets: the way out where it was not given itself. */
export const unsetting = (recipe: string, name: string): string => {
  const value = Object.entries(PLAIN).find(([key]) => key === name)?.[1];
  const other = 'take another recipe';
  // A recipe's classifier is what its loss needs.
  const none = value === undefined || name === 'classifier';
  return `recipe ${recipe} sets it: ${none ? other : `give --${kebab(name)} ${value}, or ${other}`}`;
};

const hasBranches = ({ bilateral }: Values): boolean => String(bilateral) === 'true';

const corrects = (values: Values): boolean =>
  hasBranches(values) ||
  CORRECTIONS.some((name) => values[name] !== undefined && String(values[name]) !== String(usual[name]));

/**
 * All values of the recipe that is asked for. Where none is, the usual one; `plain` where another loss, classifier or
 * sampling, re-weighting, a second stage or two branches are asked for, which are corrections of their own. `recipe`
 * is what it is unless said.
 */
export const ofRecipe = (values: Values): Values => {
  const { recipe } = values;
  const unsaid = corrects(values) ? 'plain' : USUAL_RECIPE;
  const name = recipe === undefined ? unsaid : String(recipe);
  const own = isName(name) ? valuesOf(name, values) : {};
  // How often images are mixed belongs to the augmentation that the recipe names.
  const { augment = own.augment } = values;
  const mixed = String(augment) === String(own.augment) ? {} : { [MIX_RATE]: ALWAYS };
  return { ...PLAIN, ...own, ...mixed, recipe: recipe === undefined || hasBranches(values) ? unsaid : USUAL_RECIPE };
};
