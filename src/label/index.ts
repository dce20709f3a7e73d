export { type OptionNames, requireKnown } from './known-options.js';
export { didYouMean, orKnown } from './nearest.js';
export { type Argument, type Label, parseLabel, parseLabels, spell } from './parse.js';
export { columnsOf, printable, shortName } from './printable.js';
export { type Entry, numbers, ofNumbers, type Registry, registry, withDefaults, word } from './registry.js';
