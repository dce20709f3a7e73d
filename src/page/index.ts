/**
 * A report on runs as one HTML page, or its tables as Markdown.
 * @module
 */
export { markdown } from './markdown.js';
export { type PageOptions, reportPage } from './page.js';
