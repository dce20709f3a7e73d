/**
 * The paper (arXiv 2406.07028) as data: what it reports, claims, draws and leaves open. Imports nothing of ours.
 * @module
 */
export { type Choice, choices } from './choices.js';
export { type PaperClaim, paperClaims, paperDifference } from './claims.js';
export { paperData } from './data.js';
export { type PaperFigure, paperFigures } from './figures.js';
export { BACKBONE, classHead, heads, instanceHead } from './network.js';
export { CONTINUED_FROM, type LookName, type PaperRow, paperAccuracy, paperRows, paperTables } from './rows.js';
