/**
 * Drawings from run folders: figures as SVG and PNG, cells as graphs.
 * @module
 */
export { type Drawing, type Figure, FigureError, figure } from './canvas.js';
export { cellSvg, cellsOf, genotypeSvgs, type PlacedCell } from './cells.js';
export { drawFigure, figures, figuresFor } from './figures.js';
export type { FigureKind } from './kind.js';
export { svgToPng } from './png.js';
export { schedulePlot } from './schedule.js';
