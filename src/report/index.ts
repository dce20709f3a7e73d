/**
 * Reports from run folders: tables, figures and the HTML page, without the engine.
 * @module
 */
export { cellSvg, genotypeSvgs } from './cells.js';
export { type ClaimResult, measureClaims, type Verdict } from './claims.js';
export * from './figures/index.js';
export { markdown } from './markdown.js';
export { reportPage } from './page.js';
export type { Figure } from './plot.js';
export { svgToPng } from './png.js';
export { ComparisonError, type ResultRow, requireComparable, resultRows } from './results.js';
export { type LoadedRun, loadRun, loadRuns } from './runs.js';
