/**
 * Numbers from run folders, without the engine: results with intervals, the paper's claims, and what depends on what.
 * @module
 */

export { type ClaimResult, measureClaims, type Verdict } from './claims.js';
export * from './class-table.js';
export { ComparisonError, ofEqualCost, requireComparable, SIZES } from './comparable.js';
export { type Differing, differences, differencesTable } from './differences.js';
export * from './fit.js';
export * from './fit-table.js';
export * from './fits-table.js';
export * from './format.js';
export * from './mixing.js';
export { setApart } from './networks.js';
export * from './op-weights.js';
export { dataRequest, isPapersData, isPapersFolder } from './paper-data.js';
export { type ResultRow, resultRows } from './results.js';
export { byRow, isSearch, type Row, rowLabel, rowName, withoutCommon } from './rows.js';
export { continuedFrom, type LoadedRun, loadRun, loadRuns, messageOf, type Unreadable } from './runs.js';
export { claimsIn, type Sensitivity, sensitivityOf } from './sensitivity.js';
export { type Estimate, mean, type Point, pooled, sum } from './statistics.js';
export * from './table.js';
export * from './tables.js';
export { epochSeconds } from './times.js';
