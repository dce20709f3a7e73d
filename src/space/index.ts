export { type Cell, type CellKind, type CellPlan, type CellShape, cell, type EdgePlan } from './cell.js';
export {
  type CellGenotype,
  derive,
  derivedPlan,
  edgeCount,
  type Genotype,
  searchPlan,
} from './genotype.js';
export { sumBranches, type Term } from './node.js';
export type { Branch, FusedOp, Op, OpContext, PlainOp, Primitive } from './primitive.js';
export * from './primitives.js';
export { certain, type OpWeights, type Relaxation, softmaxRelaxation } from './relaxation.js';
export { type Features, joined, type Source, source } from './source.js';
