// How wide charts are drawn.
import { byId } from './dom.js';

/** @param {HTMLElement} box */
export const widthOf = (box) => Math.max(220, Math.floor(box.clientWidth));

/** Width inside a chart of the grid. */
export const chartWidth = () => {
  const width = widthOf(byId('charts'));
  const columns = width >= 848 ? 2 : 1;
  return Math.floor((width - 16 * (columns - 1)) / columns) - 28;
};
