export {
  type Cell,
  type CellInput,
  type CellRun,
  type CellShape,
  cell,
  cellInput,
  type EdgeShape,
  sharedInput,
} from './cell.js';
export { type NodeTerm, nodeSum, type Reader, type Reading, type Reads, readSource } from './fused.js';
export type { CellGenotype, Genotype, Genotypes } from './genotype.js';
export { genotypeNames, namedGenotype } from './known-genotypes.js';
export { maxSkips, skipsOf } from './max-skips.js';
export { type DropMask, type NodeMode, sumBranches, type Term } from './node.js';
export {
  type CellKind,
  type CellPlan,
  derivedPlan,
  type EdgePlan,
  edgeCount,
  searchPlan,
} from './plan.js';
export type { OpContext, Primitive, Stage, Work } from './primitive.js';
export * from './primitives.js';
export { randomGenotype } from './random-genotype.js';
export { readGenotypes } from './read-genotypes.js';
export { certain, type OpWeights, type Relaxation, relaxation, rows, type Tensors } from './relaxation.js';
export { relaxations, softmaxRelaxation } from './relaxations.js';
export { type Branch, type Features, joined, type Mode, modeOf, openSource, type Source } from './run-stages.js';
export { dartsSpace, type SearchSpace, searchSpace, spaces } from './search-space.js';
export { dartsSelector, type Selector, type Strengths } from './selector.js';
export { selectors } from './selectors.js';
export { threshold } from './threshold.js';
