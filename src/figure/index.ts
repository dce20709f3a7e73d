/**
 * Drawings from run folders: figures as SVG and PNG, cells as graphs; and what a figure of one's own is made of.
 * @module
 */
export { accuracyFigure } from './accuracy.js';
export { byClassFigure, resultsOf } from './by-class.js';
export { type Drawing, type Figure, type FigureData, FigureError, refuse } from './canvas.js';
export { cellSvg, cellsOf, genotypeSvgs, type PlacedCell } from './cells.js';
export { epochAxis, named, namedY, overEpochs, PANEL, panelOf, phaseMarks, type Series, seriesMarks } from './chart.js';
export { drawFigure, figures, figuresFor } from './figures.js';
export type { FigureKind } from './kind.js';
export { seriesLook } from './looks.js';
export { type Mistake, MOSAIC_TILES, mistakesFigure } from './mosaic.js';
export { drawPictures, labelLines, mistakenHeading, mistakenText, SMALL, seenText, shortShare } from './pictures.js';
export { svgToPng } from './png.js';
export { schedulePlot } from './schedule.js';
