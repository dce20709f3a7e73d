import { type OptionNames, requireKnown } from '../label/index.js';

/**
 * Options of a tensor function, once no name among them is unknown: libtorch never sees the names, so a misspelt option
 * would be ignored. Throws a TypeError that names the nearest one.
 */
export const optionsOf =
  <T extends object>(names: OptionNames<T>) =>
  (given: T, action: string): T => {
    requireKnown(given, { names, action });
    return given;
  };
