export { type Argument, type Label, parseLabel, parseLabels, spell } from './parse.js';
export { type Entry, numbers, type Registry, registry, word } from './registry.js';
