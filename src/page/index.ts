/**
 * Reports on run folders, without libtorch: numbers, figures, cells, and a page of all of it.
 * @module
 */
export * from '../figure/index.js';
export * from '../measure/index.js';
export { markdown } from './markdown.js';
export { type PageOptions, reportPage } from './page.js';
