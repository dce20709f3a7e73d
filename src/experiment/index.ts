export { type ClassifierMethod, classifierMethods } from './classifier-methods.js';
export {
  changesOf,
  define,
  describe,
  type Experiment,
  isLater,
  type Plan,
  respelled,
  type Scale,
  scaled,
  scaleNames,
  sizeNames,
  stepsOf,
  type Values,
  variant,
} from './experiment.js';
export { methods } from './methods.js';
export { networkNames, networkOf, RANDOM } from './network.js';
export type { Network } from './network-cells.js';
export { kebab, metaOf, numberIn, type OptionMeta, type OptionSet, oneOf, option, spelled } from './option.js';
export { paperSettings, RECOMMENDED, table2 } from './recipes.js';
export { experiments, planOf } from './registry.js';
export { bilateralSearch, type Continuation, hlsSearch, plainSearch, type Row } from './search.js';
export { stopRules } from './stop.js';
export { training } from './train.js';
export {
  type TrainingRecipe,
  type TrainingRecipeName,
  trainingRecipeNames,
  trainingRecipes,
  USUAL_RECIPE,
} from './train-recipes.js';
