/**
 * Reports from run folders, without the engine: numbers, figures, and one page or its tables.
 * @module tailnas/report
 */
export {
  cellSvg,
  drawFigure,
  type Figure,
  FigureError,
  type FigureKind,
  figures,
  figuresFor,
  genotypeSvgs,
  schedulePlot,
  svgToPng,
} from '../figure/index.js';
export {
  type ClaimResult,
  ComparisonError,
  type FitResult,
  fitResults,
  type LoadedFit,
  type LoadedRun,
  loadFit,
  loadRun,
  loadRuns,
  measureClaims,
  type ResultRow,
  requireComparable,
  resultRows,
  type Sensitivity,
  sensitivityOf,
  withoutCommon,
} from '../measure/index.js';
export { fitPage } from './fit-page.js';
export { fitLatex, latex } from './latex.js';
export { fitMarkdown, markdown } from './markdown.js';
export { type PageOptions, reportPage } from './page.js';
