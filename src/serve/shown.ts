import { printable } from '../label/index.js';

const MOST = 500;

/** A text of a run folder as a page may show it: what is invisible is spelled out, and what has no end is cut. */
export const shown = (text: string): string => {
  const short = text.length > MOST ? `${text.slice(0, MOST)}…` : text;
  return printable(short);
};
