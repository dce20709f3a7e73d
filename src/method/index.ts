export { type BilateralOptions, bilateral, heterogeneous } from './bilateral.js';
export type { Outcome, SearchMethod, SearchNet, Switches, TensorBatch } from './method.js';
export { singleBranch } from './single-branch.js';
