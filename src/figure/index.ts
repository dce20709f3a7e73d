/**
 * Drawings from run folders: figures as SVG and PNG, cells as graphs.
 * @module
 */
export { type Figure, FigureError, figure } from './canvas.js';
export { cellSvg, genotypeSvgs } from './cells.js';
export { figures, figuresFor, stemOf } from './figures.js';
export type { FigureKind } from './kind.js';
export { svgToPng } from './png.js';
export { schedulePlot } from './schedule.js';
